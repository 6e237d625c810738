// Files that a page makes itself, out of what it shows.

const RISKY = /^[=+\-@\t\r]/; // spreadsheets take such a text for a formula
const QUOTED = /[",\r\n]/;

/** Return rows as CSV (RFC 4180); null is an empty cell, and no cell is a formula. */
export function csv(rows) {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Let the browser save rows as a CSV file. */
export function offerCsv(name, rows) {
  // The mark at the beginning tells spreadsheets that it is UTF-8.
  const address = URL.createObjectURL(new Blob(["\ufeff", csv(rows)], { type: "text/csv" }));
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: `${name.replace(/[^\w.-]+/g, "_")}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}

function cell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const harmless = typeof value === "string" && RISKY.test(text) ? `'${text}` : text;
  return QUOTED.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
