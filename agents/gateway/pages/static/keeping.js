// A ledger as a file: all its bills, in their order, as they stood when it was asked for.

import { offerCsv } from "/pages/download.js";

const COLUMNS = [
  "bill",
  "conveyance",
  "order",
  "day",
  "programme",
  "period",
  "value_cents",
  "counted_cents",
  "counts",
  "currency",
  "action",
  "outcome",
  "reason",
  "line",
  "rule",
];
const OLD = "Not saved: these figures may be old. Ask again in a moment.";

/** Save a ledger as CSV; `following` asks for the page behind a `next`. Return why it was not saved, or nothing. */
export async function keepLedger(ledger, following) {
  const bills = [...ledger.bills];
  let page = ledger;
  try {
    while (page.next) {
      page = await following(page.next);
      bills.push(...page.bills);
      if (page.stale) return OLD;
    }
  } catch (refusal) {
    return `Not saved. ${refusal.message}`;
  }
  if (ledger.stale) return OLD;
  const { consignee, total_cents: total, limit_cents: limit, as_of: asOf } = page;
  const rows = bills.map((bill) => [consignee, ...COLUMNS.map((name) => bill[name]), total, limit, asOf]);
  offerCsv(`${consignee} ${ledger.programme ?? ""} ${ledger.day ?? ledger.period}`, [
    ["consignee", ...COLUMNS, "total_cents", "limit_cents", "as_of"],
    ...rows,
  ]);
  return "";
}
