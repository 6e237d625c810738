// Bill numbers as people and scanners give them, folded as `stream/bills.py` folds them; `docs/scan-vectors.json` holds
// the two together.

const SCAN_CHARACTERS = 200;
const AROUND = "\0\x01\x02\x03\x04\x1c\x1d\x1e\x1f\t\n\r ";
const SEPARATORS = /[ ./_:#*+-]+/g;
const AIM_PREFIX = /^\][A-Za-z][0-9]/;
const ASCII = /^[\0-\x7f]*$/;
const BILL = /^[A-Z0-9]{4,35}$/;

/** Return the bill number in what was scanned or typed, null where there is none. */
export function foldBill(scanned) {
  const text = scanned.replace(/^\ufeff/, "");
  if (text.length > SCAN_CHARACTERS || !ASCII.test(text)) return null; // other alphabets may have capitals of ours
  const folded = strip(withoutPrefix(strip(text))).replace(SEPARATORS, "").toUpperCase();
  return BILL.test(folded) ? folded : null;
}

/** Return a text without the AIM prefix, such as "]C1", by which a scanner names the kind of code. */
export function withoutPrefix(text) {
  return text.replace(AIM_PREFIX, "");
}

/** Tell whether a character says nothing before and after a bill. */
export function isAround(character) {
  return AROUND.includes(character);
}

function strip(text) {
  let [start, end] = [0, text.length];
  while (start < end && isAround(text[start])) start += 1;
  while (end > start && isAround(text[end - 1])) end -= 1;
  return text.slice(start, end);
}
