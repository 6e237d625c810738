// What stands on the scanner page instead of an answer. Each says what to do first, then why.

const hold = (todo, line) => ({ action: "HOLD", word: "HOLD", todo, line });
const TOKEN = /tg_[0-9a-f]{10}_/i;
const SHOWN = 60;
const CONTROL = /[\0-\x1f]/g;

export const IDLE = { action: "NONE", word: "SCAN", line: "Scan a bill, or type its number and press Enter." };
export const UNFINISHED = { action: "NONE", word: "…", line: "Scanning …" };
export const UNENDED = hold("Press Esc, then scan again.", "No Enter from the scanner?");
export const BROKEN_OFF = hold("Scan again.", "That scan broke off, or two ran together.");
export const CARD = hold("Scan a bill.", "That is a card for signing in, not a bill number.");
export const ELSEWHERE = hold("Click on this page, then scan again.", "Keys go to another window or tab.");
export const AGREES = {
  action: "NONE",
  word: "SCAN",
  line: "Every letter and digit came through: scanner and keyboard agree.",
};
export const BROKEN = hold("Load this page again.", "Something went wrong on this page.");
export const NOT_SIGNED_OUT = hold("Try again.", "Not signed out: the gateway does not answer.");

/** Tell whether a token was scanned: the card of a place, by mistake. It is neither asked for nor shown. */
export function isCard(text) {
  return TOKEN.test(text);
}

/** Return the notice that what was read is no bill number; it shows what was read, control characters as pictures. */
export function noBill(text) {
  const seen = text.trim().replace(CONTROL, (each) => String.fromCharCode(0x2400 + each.charCodeAt(0)));
  const read = seen.length > SHOWN ? `${seen.slice(0, SHOWN)}…` : seen;
  return { ...hold("Scan again.", "That is no bill number."), read };
}

/** Return the notice of an error that the gateway told. */
export function refused(title, status) {
  return hold("Scan again in a moment.", `${title} (${status}).`);
}
