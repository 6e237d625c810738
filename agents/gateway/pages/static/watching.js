// The bills scanned on this page, newest first, and what is known of each. It decides what counts as a change, and
// which bill fills the screen: the one scanned last, or one that changed; but no change to GO, which belongs to another
// parcel than the one at hand.

/** What to do with the parcel; `stream/reasons.py` has the same lines, for the terminal. */
const TODO = {
  GO: "Let it go.",
  HOLD: "Set aside. Ask the lead.",
  STOP: "Take it out. It must not go.",
  WAIT: "Not yet. Ask the lead.",
  DONE: "It should not be here. Ask the lead.",
};
const WATCHED = 50;
const STORED = "tallygate.watched";

/** What is shown where the link or the gateway is behind. */
const KEEP = "Keep it here and wait.";
const NO_LINK = { action: "HOLD", todo: KEEP, line: "No live connection." };
const OLD = { action: "HOLD", todo: KEEP, line: "Not up to date: what is known may be old." };
const ASKING = { action: null, line: "Asking …" };

/**
 * An entry has `bill`; `verdict`, its answer over the present link, null until it comes; `known`, the last answer that
 * was not stale, whenever that was; `was`, the action before the last change, null where nothing changed since the scan.
 */
export class Watching {
  constructor(storage) {
    this.storage = storage;
    this.entries = restored(storage);
    this.screen = null; // after a load too: what was scanned meanwhile is not known
  }

  /** The entry on screen, undefined where there is none. */
  get top() {
    return this.entries.find((entry) => entry.bill === this.screen);
  }

  /** Take the answer off the screen; its bill is watched on. */
  leaveScreen() {
    this.screen = null;
  }

  get bills() {
    return this.entries.map((entry) => entry.bill);
  }

  /** Put a scanned bill on screen, unanswered. Return the bills that are watched no longer. */
  scan(bill) {
    this.screen = bill;
    this.lift({ bill, verdict: null, known: null, was: null });
    const dropped = this.entries.splice(WATCHED);
    this.store();
    return dropped.map((entry) => entry.bill);
  }

  /** Take in an answer. Return "answer" for the first to a scan, "changed", or "same". */
  take({ bill, action, line, stale }) {
    const entry = this.entries.find((each) => each.bill === bill);
    if (!entry) return "same"; // forgotten meanwhile
    const { known, verdict } = entry;
    const told = answerOf(action, line);
    entry.verdict = stale ? OLD : told;
    if (!stale) entry.known = told;
    const differs = !stale && known !== null && (known.action !== told.action || known.line !== told.line);
    if (differs) {
      const awaited = this.top && this.top !== entry && this.top.verdict === null;
      entry.was = known.action;
      this.lift(entry);
      if (told.action !== "GO" && !awaited) this.screen = bill;
    }
    this.store();
    if (differs) return "changed";
    return known === null && (verdict === null || !stale) ? "answer" : "same";
  }

  /** The link broke or fell behind: no answer of before is good for anything but comparing. */
  unanswered() {
    for (const entry of this.entries) entry.verdict = null;
  }

  /** Forget everything, as when somebody else signs in. */
  clear() {
    this.entries = [];
    this.screen = null;
    this.storage.removeItem(STORED);
  }

  lift(entry) {
    this.entries = [entry, ...this.entries.filter((each) => each.bill !== entry.bill)];
  }

  // So that a page that is loaded anew goes on watching, and notices what changed meanwhile.
  store() {
    this.storage.setItem(STORED, JSON.stringify(this.entries.map((entry) => ({ ...entry, verdict: null }))));
  }
}

/** What to do with a parcel of this action. */
export function todoOf(action) {
  return TODO[action];
}

function answerOf(told, line) {
  const action = Object.hasOwn(TODO, told) ? told : "HOLD";
  return { action, todo: TODO[action], line: String(line) };
}

/** What may be shown of an entry: an answer only over a live link, and only one that came over it. */
export function shown(entry, state) {
  if (state === "stale") return OLD;
  if (state !== "live") return NO_LINK;
  return entry.verdict ?? ASKING;
}

/** The state of the link as the answer on screen has it: one that may be old by itself stands over no live link. */
export function standing(entry, state) {
  return state === "live" && entry?.verdict === OLD ? "stale" : state;
}

function restored(storage) {
  try {
    return JSON.parse(storage.getItem(STORED) ?? "[]");
  } catch {
    return [];
  }
}
