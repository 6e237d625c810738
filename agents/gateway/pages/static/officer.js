// The officer page: looks up a bill or a consignee's day, and keeps what is shown in the address, so that it can be sent.

import { get } from "/pages/asking.js";
import { dayView } from "/pages/day.js";
import { openBill } from "/pages/detail.js";
import { badge, make } from "/pages/elements.js";
import { foldBill } from "/pages/folding.js";
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
  Object.assign(byDay.consignee, { value: consignee });
  Object.assign(byDay.day, { value: day });
  if (!bill && !(consignee && day)) return say("", []);
  const number = ++latest;
  say("Looking it up …", []);
  try {
    const views = bill ? await ofBill(bill) : [await ofDay({ consignee, day, programme }, "")];
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
  Object.assign(byDay.consignee, { value: verdict.consignee });
  Object.assign(byDay.day, { value: verdict.day });
  return [view, await ofDay(verdict, verdict.bill)];
}

async function ofDay(asked, marked, before = [], after = "0") {
  const { consignee, day, programme } = asked;
  const query = programme && programme !== "us-321" ? { after, programme } : { after };
  const answer = await get(["v1", "consignees", consignee, "days", day], query);
  const found = ledgerOf(answer, asked);
  const whole = { ...found, bills: [...before, ...found.bills] };
  const more = async () => view.replaceWith(await ofDay(asked, marked, whole.bills, found.next));
  const view = dayView(whole, { open: openBill, again: () => lookUp(), more, marked });
  return view;
}

// Of the ledgers that a day falls into, the one that the bill is in; without a bill, the first.
function ledgerOf(answer, { seller, conveyance }) {
  const all = [answer, ...(answer.further ?? []).map((each) => ({ ...answer, ...each }))];
  const fits = (each) =>
    (!seller || each.seller === seller) && (!conveyance || !each.conveyance || each.conveyance === conveyance);
  return all.find(fits) ?? answer;
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
  const [consignee, day] = [byDay.consignee.value.trim(), byDay.day.value];
  if (consignee && day) go({ consignee, day });
  else say("Enter both the consignee key and the day.", []);
});

document.getElementById("leave").addEventListener("click", async () => {
  if (!(await signOut())) return say("Not signed out: the gateway does not answer. Try again.", []);
  say("", []); // what was looked up is not left behind for whoever comes next
  signIn.show("You are signed out.");
});

window.addEventListener("popstate", lookUp);

async function begin() {
  await signInByAddress();
  const may = await scopes();
  if (may === null) return signIn.show();
  if (may && !may.includes("audit")) return signIn.show("This token has no scope audit. Sign in with one that has it.");
  document.getElementById("page").hidden = false;
  lookUp();
}

begin();
