// What scanners and people type, cut into scans. Nothing joins two scans, and no part of one is lost unseen.

import { isAround } from "/pages/folding.js";
import { LOST, meaning, picture } from "/pages/keys.js";
import { Pace } from "/pages/pace.js";

const UNENDED_MS = 1_000;
const KEPT = 250; // more than a scan may have
const CONTROL = /[\0-\x1f]/g;
const PICTURE = /[\u2400-\u241f]/g;
const WRITTEN = ["insertText", "insertCompositionText", "insertFromComposition", "deleteContentBackward"];

export class Typing {
  /**
   * `field` shows what is half scanned. `on` has `begun()`, at the first character; `unended()`, when a second has
   * passed without another; `ended(text, broken)`; and `cleared()`. Where `busy()` is true keys belong elsewhere.
   */
  constructor(field, on, busy) {
    Object.assign(this, { field, on, busy, pace: new Pace(), pasted: false, kept: "", composes: false });
    document.addEventListener("keydown", (event) => this.busy() || this.key(event));
    document.addEventListener("paste", (event) => this.busy() || this.paste(event));
    field.addEventListener("beforeinput", (event) => this.before(event));
    field.addEventListener("input", (event) => this.changed(event));
    field.addEventListener("compositionstart", () => (this.composes = true));
    field.addEventListener("compositionend", () => (this.composes = false));
    document.addEventListener("selectionchange", () => this.toEnd());
    window.addEventListener("blur", () => this.text && this.append(LOST)); // what follows may go elsewhere
  }

  get text() {
    return this.field.value;
  }

  /** Forget what is half scanned. */
  clear() {
    clearTimeout(this.timer);
    this.field.value = this.kept = "";
    Object.assign(this, { pace: new Pace(), pasted: false });
  }

  key(event) {
    const { kind, text, idle, ours } = meaning(event);
    if (kind === "pass" || (!this.text && (idle || this.presses(event)))) return;
    if (this.text || ours || kind === "text") event.preventDefault();
    if (event.repeat && kind !== "erase") return; // a key held down, or one whose release was lost
    if (kind === "end") this.end(event);
    if (kind === "text") this.write(text, event);
    if (kind === "erase" && this.text) this.erase(event);
    if (kind === "clear" && this.text) {
      this.clear();
      this.on.cleared();
    }
  }

  // Space and Enter press a button that has the focus; but no scan begins so.
  presses({ key }) {
    return (key === " " || key === "Enter") && document.activeElement instanceof HTMLButtonElement;
  }

  write(text, event) {
    this.field.focus({ preventScroll: true });
    if (!this.text && isAround(plain(text))) return;
    this.pace.note(event);
    this.append(text);
  }

  append(text) {
    const first = !this.text;
    this.field.value = (this.text + (this.pasted ? LOST : "") + text).slice(0, KEPT);
    this.kept = this.text;
    this.pasted = false;
    this.wait(first);
  }

  wait(first) {
    if (first) this.on.begun();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.on.unended(), UNENDED_MS);
  }

  erase(event) {
    // A person does not take a character back so fast; from a scanner it is part of what it read.
    if (this.pace.note(event, 0) && !event.repeat) return this.append(LOST);
    this.field.value = this.kept = this.text.slice(0, -1);
    if (this.text) return this.wait(false);
    this.clear();
    this.on.cleared();
  }

  end(event) {
    if (!this.text) return;
    this.pace.note(event);
    const [text, { broken }] = [plain(this.text), this.pace];
    this.clear();
    this.on.ended(text, broken);
  }

  // A pasted text is a whole scan: what stands before or after it does not join it.
  paste(event) {
    event.preventDefault();
    const text = event.clipboardData.getData("text").trim();
    if (!text) return;
    this.field.focus({ preventScroll: true });
    this.append((this.text ? LOST : "") + text.replace(CONTROL, (each) => picture(each.charCodeAt(0))));
    this.pasted = true;
  }

  // What comes without keys: from a keyboard on the glass, or a scanner that hands over its text at once.
  before(event) {
    if (event.inputType === "insertLineBreak") {
      event.preventDefault();
      return this.end(event);
    }
    if (!WRITTEN.includes(event.inputType)) return event.preventDefault(); // dropped, undone, filled in
    if (event.inputType !== "insertText" || event.data === null) return;
    event.preventDefault();
    for (const each of event.data) {
      if ("\t\n\r".includes(each)) this.end(event);
      else this.write(each < " " ? picture(each.charCodeAt(0)) : each, event);
    }
  }

  // Only input methods, and erasing on the glass, still change the field by themselves.
  changed(event) {
    if (this.text === this.kept) return;
    if (!this.text) {
      this.clear();
      return this.on.cleared();
    }
    this.pace.note(event, Math.max(0, this.text.length - this.kept.length));
    const first = !this.kept;
    this.kept = this.text;
    this.wait(first);
  }

  toEnd() {
    const end = this.text.length;
    if (this.composes || document.activeElement !== this.field || this.field.selectionStart === end) return;
    this.field.setSelectionRange(end, end);
  }
}

function plain(text) {
  return text.replace(PICTURE, (each) => String.fromCharCode(each.charCodeAt(0) - 0x2400));
}
