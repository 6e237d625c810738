// What a key event means to somebody who waits for scans. Scanners send control characters as Ctrl and a letter, as
// function keys or as Alt and digits; `docs/scanning.md` says which.

/** In the field a control character stands as its picture, so that people see it. */
export const picture = (code) => String.fromCharCode(0x2400 + code);
/** Something was sent here that the page cannot know: what is around it is no bill. */
export const LOST = "\ufffd";

const MARK = picture(0x1d);
const ENDS = [9, 10, 13]; // Tab, line feed, carriage return
const ASIDE = /^(Shift|Control|Alt|AltGraph|Meta|CapsLock|NumLock|ScrollLock|Fn|FnLock|Pause|PrintScreen)$/;
const OF_THE_MACHINE = /^(Audio|Media|Microphone|Brightness|Launch|Power|Sleep|WakeUp|Eject)/;
const MOVES = /^(Arrow.*|Home|End|Page.*|Insert|Delete)$/;
const OWN = { F2: true, F11: true }; // sound and full screen
const ZOOMS = ["+", "-", "=", "0"];
const SIGNS = { "@": 0, " ": 0, 2: 0, "[": 27, "\\": 28, "]": 29, "^": 30, 6: 30, _: 31, "-": 31 };

/**
 * Return `{kind, text, idle, ours}`. Kinds: "pass", nothing to do with a scan; "text"; "end" of a scan; "erase" a
 * character; "clear" all. `idle`: where nothing is half scanned it is the browser's; `ours`: it is not even then.
 */
export function meaning(event) {
  const { key } = event;
  // An input method has it, or a keyboard on the glass: what comes of it comes as an input event.
  if (event.isComposing || key === "Process" || key === "Unidentified") return { kind: "pass" };
  if (ASIDE.test(key) || OF_THE_MACHINE.test(key)) return { kind: "pass" };
  if (key === "Enter") return { kind: "end" };
  if (key === "Escape") return { kind: "clear" };
  const composes = event.getModifierState("AltGraph");
  if (event.altKey && !composes) return { kind: "text", text: LOST, ours: true };
  if (event.ctrlKey && !composes) return control(event);
  if (event.metaKey) return { kind: "text", text: LOST, idle: true, ours: true };
  if (key === "Tab" && !event.shiftKey) return { kind: "end" };
  if (key === "Backspace") return { kind: "erase" };
  if (key === "Dead") return { kind: "text", text: LOST };
  if ([...key].length === 1) return { kind: "text", text: key };
  return { kind: "text", text: MARK, idle: MOVES.test(key) || key === "Tab" || OWN[key], ours: true };
}

function control(event) {
  const key = event.key.toLowerCase();
  const code = /^[a-z]$/.test(key) ? key.charCodeAt(0) - 96 : SIGNS[key];
  if (ENDS.includes(code)) return { kind: "end", ours: true };
  // Copy, paste, zoom, load anew: for people, and never within a scan.
  const idle = key === "c" || key === "v" || ZOOMS.includes(key) || (key === "r" && event.shiftKey);
  return { kind: "text", text: code === undefined ? LOST : picture(code), idle, ours: true };
}
