// What the board shows of a day and of a trip. Without a live answer no count of GO is shown.

import { offerCsv } from "/pages/download.js";
import { make, numbered } from "/pages/elements.js";
import { language, locale, say } from "/pages/language.js";
import { todoOf } from "/pages/watching.js";

const ACTIONS = ["STOP", "HOLD", "GO", "WAIT", "DONE"];
const COLUMNS = ["bill", "conveyance", "action", "todo", "line", "reason", "day", "time"];
const number = new Intl.NumberFormat(locale);
const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** Show the trips of a day; `search` makes the address of a trip. */
export function dayView({ conveyances }, live, search) {
  if (!conveyances.length)
    return [
      make("p", { class: "empty" }, say("No trip has bills on this day yet.")),
      make("p", { class: "soft" }, say("Choose another day, or type a trip as its events name it, and press Enter.")),
    ];
  const heads = ACTIONS.map((action) => make("th", { scope: "col", "data-action": action }, ...word(action)));
  const rows = conveyances.map(({ conveyance, bills, actions }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("a", { href: search({ trip: conveyance }) }, conveyance)),
      ACTIONS.map((action) => cell(action, actions[action], live)),
      make("td", { class: "figure" }, number.format(bills)),
    ),
  );
  const first = make("th", { scope: "col" }, say("Trip"));
  const last = make("th", { scope: "col" }, say("Bills"));
  return [table("trips", "Trips of the day", make("tr", {}, first, heads, last), rows)];
}

/** Show a trip: counts, the latest HOLD and STOP, what to pull. `answer` gives the answer to be kept as CSV. */
export function tripView(trip, live, answer) {
  const tiles = ACTIONS.map((action) =>
    make("div", { "data-action": action }, make("dt", {}, ...word(action)), make("dd", {}, count(action, trip.actions[action], live))),
  );
  return [
    make("dl", { class: "tiles" }, tiles),
    make("div", { class: "latest" }, ["STOP", "HOLD"].map((action) => latest(action, trip.latest[action]))),
    ...pull(trip, live, answer),
  ];
}

// The English word, which is on the scanner too, and beside it the reader's own.
function word(action) {
  return [make("b", {}, action), language === "en" ? null : make("span", {}, ` ${say(action)}`)].filter(Boolean);
}

function count(action, bills, live) {
  return live || action !== "GO" ? number.format(bills) : "–";
}

function cell(action, bills, live) {
  return make("td", { class: bills ? "figure" : "figure none", "data-action": action }, count(action, bills, live));
}

function latest(action, bill) {
  const title = make("h2", {}, say(action === "STOP" ? "Latest STOP" : "Latest HOLD"));
  if (!bill) return make("section", {}, title, make("p", { class: "soft" }, say("None.")));
  return make(
    "section",
    { "data-action": action },
    title,
    make("p", { class: "bill" }, numbered(bill.bill)),
    make("p", { class: "line" }, say(bill.line)),
    make("p", {}, time.format(new Date(bill.time))),
  );
}

function pull({ conveyance, pull: bills, complete }, live, answer) {
  const sorted = [...bills].sort((one, other) => ACTIONS.indexOf(one.action) - ACTIONS.indexOf(other.action));
  const title = make("h2", { id: "pull-title" }, say("What to pull: {count}", { count: number.format(bills.length) }));
  const print = make("button", { type: "button", onclick: () => window.print() }, say("Print"));
  // A file tells nobody later that it was old when it was made.
  const keep = make("button", { type: "button", disabled: !live, onclick: () => save(conveyance, answer()) }, say("Save as CSV"));
  const head = make("div", { class: "pull-head" }, title, make("div", { class: "tools" }, print, keep));
  if (!bills.length) return [head, make("p", { class: "soft" }, say("Nothing is to be pulled, as things stand."))];
  const rows = sorted.map((bill) =>
    make(
      "tr",
      {},
      make("td", { "data-action": bill.action }, ...word(bill.action)),
      make("th", { scope: "row", class: "bill" }, numbered(bill.bill)),
      make("td", {}, make("b", {}, say(todoOf(bill.action)))),
      make("td", {}, say(bill.line)),
      make("td", { class: "box", "aria-hidden": "true" }, "☐"),
    ),
  );
  const heads = ["Action", "Bill", "What to do", "Why"].map((text) => make("th", { scope: "col" }, say(text)));
  const ticks = make("td", { class: "box", "aria-hidden": "true" });
  const rest = complete ? null : make("p", { class: "warning" }, say("There are more bills to pull than are listed here."));
  return [head, rest, table("pull", "What to pull", make("tr", {}, heads, ticks), rows)].filter(Boolean);
}

// It scrolls sideways on a small screen, and then the keyboard must reach it.
function table(id, label, head, rows) {
  const made = make("table", { id }, make("thead", {}, head), make("tbody", {}, rows));
  return make("div", { class: "scroll", role: "region", tabIndex: 0, "aria-label": say(label) }, made);
}

function save(conveyance, { as_of: asOf, pull: bills }) {
  const rows = bills.map((bill) => [...COLUMNS.map((name) => (name === "todo" ? todoOf(bill.action) : bill[name])), asOf]);
  offerCsv(`${conveyance} ${asOf}`, [[...COLUMNS, "as_of"], ...rows]);
}
