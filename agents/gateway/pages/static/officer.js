// The officer page: looks up a bill, or a consignee's day or longer period under a programme, and keeps what is shown in
// the address, so that it can be sent.

import { get } from "/pages/asking.js";
import { dayView } from "/pages/day.js";
import { openBill } from "/pages/detail.js";
import { badge, make } from "/pages/elements.js";
import { foldBill } from "/pages/folding.js";
import { keepLedger } from "/pages/keeping.js";
import { choose, offerProgrammes } from "/pages/programmes.js";
import { scopes, SignIn, signInByAddress, signOut } from "/pages/session.js";

const result = document.getElementById("result");
const message = document.getElementById("message");
const byBill = document.getElementById("by-bill");
const byDay = document.getElementById("by-day");
const signIn = new SignIn("audit", () => lookUp());
let latest = 0;

/** Look up what the address names; an answer that was overtaken by a later question is dropped. */
async function lookUp() {
  const wanted = new URLSearchParams(location.search);
  const names = ["bill", "consignee", "day", "programme"];
  const [bill, consignee, day, programme] = names.map((name) => wanted.get(name) ?? "");
  Object.assign(byBill.bill, { value: bill });
  fill({ consignee, day, programme });
  document.getElementById("first").hidden = Boolean(bill || (consignee && day));
  if (!bill && !(consignee && day)) return say("", []);
  const number = ++latest;
  say("Looking it up …", []);
  try {
    const views = bill ? await ofBill(bill) : await ofDay({ consignee, day, programme });
    if (number !== latest) return;
    say("", views);
    result.focus({ preventScroll: true });
  } catch (refusal) {
    if (number !== latest) return;
    if (refusal.status === 401) return signIn.show(refusal.message);
    say(refusal.message, []);
  }
}

async function ofBill(bill) {
  const verdict = await get(["v1", "bills", bill]);
  const view = make(
    "section",
    { class: "found" },
    make("h2", {}, "Bill ", make("span", { class: "bill" }, verdict.bill)),
    make("p", { class: "verdict" }, badge(verdict.action), ` ${verdict.line}`),
    make("button", { type: "button", onclick: () => openBill(verdict.bill) }, "Its rule and history"),
  );
  if (!verdict.consignee) return [view, make("p", { class: "warning" }, "Totals need a token with the scope audit.")];
  if (!verdict.day) return [view, make("p", { class: "soft" }, "It is on no day yet, so there is no total to show.")];
  fill(verdict);
  // Of the ledgers that its day falls into, the one that the bill is in.
  const all = await ledgersOf(verdict);
  return [view, shown(all.find((each) => isOf(each, verdict)) ?? all[0], verdict, verdict.bill)];
}

// Where a programme sums per seller or conveyance, a day falls into several ledgers: all of them are shown.
async function ofDay(asked) {
  return (await ledgersOf(asked)).map((each) => shown(each, asked, ""));
}

async function ledgersOf({ consignee, day, programme }, after = "0") {
  const query = programme ? { after, programme } : { after };
  const answer = await get(["v1", "consignees", consignee, "days", day], query);
  return [answer, ...(answer.further ?? []).map((each) => ({ ...answer, ...each }))];
}

function isOf(ledger, { seller, conveyance }) {
  return (!seller || ledger.seller === seller) && (!conveyance || !ledger.conveyance || ledger.conveyance === conveyance);
}

function shown(ledger, asked, marked) {
  const more = async () => {
    const found = (await ledgersOf(asked, ledger.next)).find((each) => isOf(each, ledger));
    view.replaceWith(shown({ ...found, bills: [...ledger.bills, ...found.bills] }, asked, marked));
  };
  const following = async (next) => (await ledgersOf(asked, next)).find((each) => isOf(each, ledger));
  const keep = () => keepLedger(ledger, following).then((why) => (message.textContent = why));
  const view = dayView(ledger, { open: openBill, again: () => lookUp(), more, keep, marked });
  return view;
}

function fill({ consignee, day, programme }) {
  Object.assign(byDay.consignee, { value: consignee });
  Object.assign(byDay.day, { value: day });
  choose(programme);
}

function say(text, views) {
  message.textContent = text;
  result.replaceChildren(...views);
}

function go(query) {
  history.pushState(null, "", `/consignee?${new URLSearchParams(query)}`);
  lookUp();
}

byBill.addEventListener("submit", (event) => {
  event.preventDefault();
  const bill = foldBill(byBill.bill.value);
  if (bill) go({ bill });
  else say("That is no bill number: it has 4 to 35 letters and digits.", []);
});

byDay.addEventListener("submit", (event) => {
  event.preventDefault();
  const [consignee, day, programme] = [byDay.consignee.value.trim(), byDay.day.value, byDay.programme.value];
  if (consignee && day) go(programme ? { consignee, day, programme } : { consignee, day });
  else say("Enter both the consignee key and the day.", []);
});

document.getElementById("leave").addEventListener("click", async () => {
  if (!(await signOut())) return say("Not signed out: the gateway does not answer. Try again.", []);
  say("", []); // what was looked up is not left behind for whoever comes next
  signIn.show("You are signed out.");
});

window.addEventListener("popstate", lookUp);

async function begin() {
  await offerProgrammes();
  await signInByAddress();
  const may = await scopes();
  if (may === null) return signIn.show();
  if (may && !may.includes("audit")) return signIn.show("This token has no scope audit. Sign in with one that has it.");
  document.getElementById("page").hidden = false;
  lookUp();
}

begin();
