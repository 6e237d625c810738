// The bills scanned on this page, newest first, and what is known of each. It decides what counts as a change.

export const WORDS = ["GO", "HOLD", "STOP", "WAIT", "DONE"];
const WATCHED = 50;
const STORED = "tallygate.watched";

/** An entry has `bill`, `verdict` (null: asked, no answer yet), `known` (last answer that was live), `was` (before a change). */
export class Watching {
  constructor(storage) {
    this.storage = storage;
    this.entries = restored(storage);
  }

  /** The entry on screen, undefined where nothing was scanned. */
  get top() {
    return this.entries[0];
  }

  get bills() {
    return this.entries.map((entry) => entry.bill);
  }

  /** Put a scanned bill on top, unanswered. Gives the bills that are watched no longer. */
  scan(bill) {
    this.entries = [{ bill, verdict: null, known: null, was: null }, ...this.entries.filter((entry) => entry.bill !== bill)];
    const dropped = this.entries.splice(WATCHED);
    this.store();
    return dropped.map((entry) => entry.bill);
  }

  /** Take a verdict in. Gives "answer", "changed" (then it is on top) or "same"; null where nobody asked. */
  take(message) {
    const entry = this.entries.find((each) => each.bill === message.bill);
    if (!entry) return null;
    const first = entry.known === null;
    const verdict = { action: WORDS.includes(message.action) ? message.action : "HOLD", line: String(message.line ?? "") };
    const waited = entry.verdict === null;
    entry.verdict = { ...verdict, stale: Boolean(message.stale) };
    if (message.stale) return waited ? "answer" : "same"; // what was known before stays the measure of a change
    const before = entry.known;
    entry.known = verdict;
    this.store();
    if (first) return waited ? "answer" : "same";
    if (before.action === verdict.action && before.line === verdict.line) return "same";
    entry.was = before.action;
    this.entries = [entry, ...this.entries.filter((each) => each !== entry)];
    this.store();
    return "changed";
  }

  /** Forget everything, as when another person signs in. */
  clear() {
    this.entries = [];
    this.storage.removeItem(STORED);
  }

  // So that a page that is loaded anew goes on watching, and notices what changed meanwhile.
  store() {
    this.storage.setItem(STORED, JSON.stringify(this.entries.map(({ bill, known, was }) => ({ bill, known, was }))));
  }
}

/** What may be shown of an entry now: GO needs a live link and a verdict that is not stale. */
export function shown(entry, state) {
  if (state === "stale") return { action: "HOLD", line: "No live connection: what is known may be old." };
  if (state !== "live") return { action: "HOLD", line: "No live connection." };
  if (!entry.verdict) return { action: null, line: "Asking …" };
  return entry.verdict.stale ? { action: "HOLD", line: entry.verdict.line } : entry.verdict;
}

function restored(storage) {
  try {
    const stored = JSON.parse(storage.getItem(STORED) ?? "[]");
    return stored.map(({ bill, known, was }) => ({ bill, known, was, verdict: null }));
  } catch {
    return [];
  }
}
