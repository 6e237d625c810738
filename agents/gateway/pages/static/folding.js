// Bill numbers as people and scanners give them, folded as `stream/bills.py` folds them; a test holds the two together.

const SEPARATORS = /[\s./_:#*+-]+/g;
const AROUND = /^[\0\x02\x03\x04\x1d\x1e\s]+|[\0\x02\x03\x04\x1d\x1e\s]+$/g;
const ASCII = /^[\0-\x7f]*$/;
const BILL = /^[A-Z0-9]{4,35}$/;

/** Give the bill number in what was scanned or typed, null where there is none. */
export function foldBill(scanned) {
  if (!ASCII.test(scanned)) return null; // capitals of other alphabets may be letters that bills have
  const folded = scanned.replace(AROUND, "").replace(SEPARATORS, "").toUpperCase();
  return BILL.test(folded) ? folded : null;
}

/** Set a bill number in groups of four, for reading aloud; the spaces are no part of it. */
export function grouped(bill) {
  return bill.replace(/(.{4})(?=.)/g, "$1\u2009");
}
