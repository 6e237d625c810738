// The board: the trips of a day with their counts, or one trip with what to pull of it. It asks again every few seconds.

import { dayView, tripView } from "/pages/board-views.js";
import { locale, say, write } from "/pages/language.js";
import { Polling } from "/pages/polling.js";
import { scopes, SignIn, signInByAddress, signOut } from "/pages/session.js";

const LINK_WORDS = {
  connecting: "Connecting …",
  live: "Live",
  stale: "Not up to date",
  lost: "No live connection – trying again",
  "signed-out": "Signed out",
};
const OLD = "Not up to date: this board is of {time}. Release nothing by it.";
const NEVER = "Not up to date: nothing is known yet. Release nothing by it.";

const at = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const longDay = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" });
const polling = new Polling(address, show);
const signIn = new SignIn("scan", start);
let zone = "America/New_York";
let drawn = "";

const wanted = () => new URLSearchParams(location.search);

// Without a day it is today, where the programme has its days: a board that hangs on a wall turns over by itself.
function day() {
  return wanted().get("day") || new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date());
}

function address() {
  const trip = wanted().get("trip");
  return trip ? `/v1/conveyances/${encodeURIComponent(trip)}` : `/v1/conveyances?day=${encodeURIComponent(day())}`;
}

function show(state, answer) {
  if (state === "signed-out") {
    at("view").replaceChildren(); // what was shown is not left behind for the next person
    drawn = "";
    return signIn.open || signIn.show("You are signed out.");
  }
  const live = state === "live";
  document.body.dataset.state = state;
  write(at("link-text"), LINK_WORDS[state]);
  const asOf = answer?.as_of ? time.format(new Date(answer.as_of)) : "";
  at("old").hidden = live || state === "connecting";
  write(at("old"), at("old").hidden ? "" : asOf ? OLD : NEVER, { time: asOf });
  write(at("as-of"), asOf ? "As of {time}" : "", { time: asOf });
  const trip = wanted().get("trip");
  at("title").textContent = trip ?? longDay.format(new Date(`${day()}T00:00:00Z`));
  if (answer) draw(answer, live);
}

// What stays the same is left alone: the focus and the place on the page stay with it.
function draw(answer, live) {
  const { as_of: asOf, ...told } = answer;
  const text = JSON.stringify([told, live]);
  if (text === drawn) return;
  drawn = text;
  const view = answer.conveyances ? dayView(answer, live, search) : tripView(answer, live, () => polling.answer);
  at("view").replaceChildren(...view);
}

// The address of another view: the language stays.
function search(query) {
  const kept = wanted().get("lang");
  return `/board?${new URLSearchParams(kept ? { ...query, lang: kept } : query)}`;
}

function begin(query) {
  history.pushState(null, "", search(query));
  renew();
}

function renew() {
  Object.assign(at("day"), { value: wanted().get("trip") ? "" : day() });
  Object.assign(at("trip"), { value: wanted().get("trip") ?? "" });
  drawn = "";
  at("view").replaceChildren();
  polling.answer = null; // it is of something else
  show("connecting", null);
  polling.ask();
}

function start() {
  at("page").hidden = false;
  renew();
}

at("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const trip = at("trip").value.trim();
  begin(trip ? { trip } : at("day").value ? { day: at("day").value } : {});
});
at("day").addEventListener("change", () => at("day").value && Object.assign(at("trip"), { value: "" }));
at("leave").addEventListener("click", async () => {
  if (await signOut()) return polling.stop();
  write(at("old"), "Not signed out: the gateway does not answer.");
  at("old").hidden = false;
});
window.addEventListener("popstate", renew);
window.addEventListener("offline", () => polling.become("lost", polling.answer));
window.addEventListener("online", () => polling.ask());
window.addEventListener("beforeprint", () => polling.check());
document.addEventListener("visibilitychange", () => polling.check());
window.addEventListener("pageshow", (event) => event.persisted && renew());

async function zoneOfProgramme() {
  const answer = await fetch("/pages/programmes.json").catch(() => null);
  const { default: usual, programmes } = answer?.ok ? await answer.json() : { programmes: [] };
  return programmes.find((each) => each.id === usual)?.zone ?? zone;
}

zone = await zoneOfProgramme();
await signInByAddress();
const may = await scopes();
if (may === null) signIn.show();
else if (may && !may.includes("scan"))
  signIn.show(say("This token has no scope {scope}. Sign in with one that has it.", { scope: "scan" }));
else start();
