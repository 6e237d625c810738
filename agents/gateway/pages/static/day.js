// A consignee's day, or another ledger: how much of the limit is left, and the bills that it is made of, in their order.

import { badge, make } from "/pages/elements.js";
import { zoneOf } from "/pages/programmes.js";
import {
  adviceWords,
  alertWords,
  certaintyWords,
  longDay,
  measureWords,
  money,
  timeIn,
} from "/pages/words.js";

const MEASURES = { count: "Bills that count", weight: "Weight" };
let sections = 0;

/** Show a ledger. `open` opens a bill, `again` asks again, `more` adds bills; `marked` is the bill looked up. */
export function dayView(day, { open, again, more, keep, marked }) {
  const number = ++sections; // a day may fall into several ledgers
  const held = day.bills.filter((bill) => bill.advice || bill.outcome === "withhold");
  return make(
    "section",
    { class: "day" },
    make("h2", { id: `ledger-${number}` }, title(day)),
    doubt(day),
    make("p", { class: "key figure" }, day.consignee),
    day.stale ? make("p", { class: "warning" }, "These figures may be old: Tallygate is still catching up.") : null,
    figures(day),
    make(
      "p",
      { class: "as-of" },
      `Known up to ${timeIn(zoneOf(day.programme), day.as_of)}. `,
      make("button", { type: "button", onclick: again }, "Ask again"),
    ),
    held.length ? heldBack(held, open) : null,
    bills(day, { open, more, keep, marked, number }),
    alerts(day.alerts, open),
  );
}

// A day under us-321 is its own title; another ledger is named by its programme and period.
function title(day) {
  if (!day.programme || day.programme === "us-321") return longDay(day.day);
  const period = day.period === "conveyance" ? (day.conveyance ?? "one conveyance") : day.period.replace("/", " to ");
  return `${day.programme}: ${period}${day.seller ? `, seller ${day.seller}` : ""}`;
}

function doubt(day) {
  if (!day.programme || day.programme === "us-321" || day.certainty === "A" || !day.certainty) return null;
  return make("p", { class: "warning" }, `Certainty ${certaintyWords(day.certainty)}. Check it in the text of the law.`);
}

function figures(day) {
  const amount = (cents) => money(cents, day.currency);
  const left = day.headroom_cents;
  return make(
    "div",
    { class: "figures" },
    make(
      "dl",
      {},
      figure("Headroom", left === null ? "unknown" : amount(left), left !== null && left <= 0 ? "none" : "some"),
      figure("Released", amount(day.total_cents)),
      figure("Limit", day.limit_cents === null ? "none on value" : amount(day.limit_cents)),
      (day.measures ?? []).map((each) => figure(MEASURES[each.measure] ?? each.measure, measureWords(each))),
      figure("Bills", String(day.bills_count)),
    ),
    day.limit_cents ? bar(day) : null,
  );
}

function figure(term, value, left = "") {
  return make("div", { "data-left": left }, make("dt", {}, term), make("dd", { class: "figure" }, value));
}

// One piece for what is released, one for what is only expected; the rest of the bar is headroom.
function bar(day) {
  const amount = (cents) => money(cents, day.currency);
  const expected = day.bills
    .filter((bill) => bill.outcome === "clear")
    .reduce((sum, bill) => sum + (bill.counted_cents ?? 0), 0);
  const words = `${amount(day.total_cents)} of ${amount(day.limit_cents)} released`;
  const more = expected ? `, ${amount(expected)} more expected` : "";
  const label = `${words}${more}, ${amount(day.headroom_cents)} left.`;
  const pieces = [
    ["released", day.total_cents],
    ["expected", expected],
  ].map(([kind, cents]) => {
    const piece = make("span", { class: kind });
    piece.style.width = `${Math.min(100, (100 * cents) / day.limit_cents)}%`;
    return piece;
  });
  return make(
    "figure",
    {},
    make("div", { class: "bar", role: "img", "aria-label": label }, pieces),
    make("figcaption", { "aria-hidden": "true" }, label),
  );
}

function heldBack(held, open) {
  const items = held.map((bill) =>
    make(
      "li",
      {},
      badge(bill.action),
      make(
        "div",
        {},
        make("p", {}, opener(bill, open), ` ${money(bill.value_cents, bill.currency)}. ${bill.line}`),
        bill.advice ? make("p", { class: "advice" }, adviceWords(bill)) : null,
      ),
    ),
  );
  return make("section", { class: "held" }, make("h3", {}, "Held back, and what to do"), make("ul", {}, items));
}

function bills(day, { open, more, keep, marked, number: section }) {
  let sum = 0;
  const rows = day.bills.map((bill, number) => {
    if (bill.counts) sum += bill.counted_cents ?? 0;
    const row = make(
      "tr",
      {},
      make("td", { class: "figure" }, String(number + 1)),
      make("th", { scope: "row" }, opener(bill, open)),
      make("td", { class: "figure" }, money(bill.value_cents, bill.currency)),
      make("td", { class: "figure" }, bill.counts ? money(sum, day.currency) : "–"),
      make("td", {}, badge(bill.action)),
      make("td", {}, bill.line),
      make("td", { class: "order" }, bill.order ?? "–"),
      make("td", { class: "figure rule" }, bill.rule ?? "–"),
    );
    if (bill.bill === marked) row.setAttribute("aria-current", "true");
    return row;
  });
  const heads = ["No.", "Bill", "Value", "Total so far", "Action", "Why", "Order", "Rule"].map((text) =>
    make("th", { scope: "col" }, text),
  );
  const table = make("table", {}, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows));
  const id = `bills-title-${section}`;
  const title = make("h3", { id }, "The bills behind the total, in their order");
  const left = day.bills_count - day.bills.length;
  const rest = day.next
    ? make(
        "p",
        { class: "as-of" },
        make("button", { type: "button", onclick: more }, `Show more: ${left} bills are left`),
      )
    : null;
  // It scrolls sideways on a small screen, and then the keyboard must reach it.
  return make(
    "section",
    {},
    title,
    make(
      "p",
      { class: "tools" },
      make("button", { type: "button", onclick: keep }, "Save as CSV"),
      make("button", { type: "button", onclick: () => window.print() }, "Print"),
    ),
    make("div", { class: "scroll", role: "region", tabIndex: 0, "aria-labelledby": `${id} ledger-${section}` }, table),
    rest,
  );
}

// An alert speaks of a programme's limit: it says which, and how much of it.
function under({ programme, kind, total_cents: total, limit_cents: limit, currency }) {
  const of = programme && programme !== "us-321" ? ` (${programme})` : "";
  if (kind !== "near-limit" || !Number.isInteger(total) || !Number.isInteger(limit)) return of;
  return `${of}: ${money(total, currency)} of ${money(limit, currency)}`;
}

function alerts(found, open) {
  const items = found.map((alert) =>
    make(
      "li",
      {},
      make("strong", {}, `${alertWords(alert.kind)}${under(alert)}.`),
      alert.bill ? [" Bill ", opener(alert, open)] : null,
      alert.order ? ` Order ${alert.order}.` : null,
      make("span", { class: "soft" }, ` ${timeIn(zoneOf(alert.programme), alert.time)}`),
    ),
  );
  return make(
    "section",
    { class: "alerts" },
    make("h3", {}, "Alerts"),
    items.length ? make("ul", {}, items) : make("p", { class: "soft" }, "None."),
  );
}

function opener({ bill }, open) {
  return make("button", { type: "button", class: "link bill", onclick: () => open(bill) }, bill);
}
