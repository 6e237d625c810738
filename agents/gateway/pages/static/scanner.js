// The scanner page: what is scanned goes to the link, what comes back to screen and loudspeaker.

import { foldBill } from "/pages/folding.js";
import { Link } from "/pages/link.js";
import { draw } from "/pages/screen.js";
import { scopes, SignIn, signInByAddress, signOut } from "/pages/session.js";
import { Sound } from "/pages/sound.js";
import { shown, Watching } from "/pages/watching.js";

const STARTS_ANEW_MS = 10_000;

const typed = document.getElementById("typed");
const watching = new Watching(sessionStorage);
const sound = new Sound(localStorage);
const signIn = new SignIn("scan", start);
const address = new URL("/v1/scan", location.href);
address.protocol = address.protocol.replace("http", "ws");
const link = new Link(address, async () => (await scopes()) !== null, { state: changedState, verdict, problem });
let notice = null;

function show() {
  draw(watching, link.state, notice);
}

// Whatever goes wrong in this page, it does not go on showing GO.
function broken() {
  document.body.dataset.action = "HOLD";
  notice = { action: "HOLD", word: "HOLD", line: "Something went wrong on this page: load it anew." };
  show();
}

function scan(text) {
  const bill = foldBill(text);
  notice = null;
  if (bill) {
    for (const dropped of watching.scan(bill)) link.forget(dropped);
    link.ask(bill); // if there is no link it is asked for as soon as there is
  } else {
    notice = { action: "HOLD", word: "HOLD", line: "That is no bill number. Scan again." };
    sound.play("HOLD");
  }
  show();
  if (bill && link.state === "lost") sound.play("HOLD");
}

function verdict(message) {
  const kind = watching.take(message);
  if (kind === "changed") notice = null;
  show();
  const entry = watching.entries.find((each) => each.bill === message.bill);
  const onScreen = entry === watching.top && !notice;
  if (onScreen && (kind === "changed" || kind === "answer")) {
    sound.play(shown(entry, link.state).action ?? "HOLD", kind === "changed");
  }
}

function problem({ status, title }) {
  notice = { action: "HOLD", word: "HOLD", line: `${title} (${status}). Scan again in a moment.` };
  show();
  sound.play("HOLD");
}

function changedState(state) {
  if (state !== "live") watching.unanswered();
  else for (const bill of watching.bills) link.ask(bill); // the newest first
  if (state === "signed-out") {
    watching.clear();
    notice = null;
    signIn.show("You are signed out.");
  }
  show();
  if ((state === "lost" || state === "stale") && watching.top) sound.play("LOST");
}

// A scanner types wherever the page is: its first key brings the field into focus, and so lands in it.
document.addEventListener("keydown", (event) => {
  sound.wake();
  const command = event.ctrlKey || event.metaKey || event.altKey;
  const writes = command ? event.key.toLowerCase() === "v" : event.key.length === 1; // Ctrl+V pastes
  const presses = event.key === " " && document.activeElement instanceof HTMLButtonElement;
  if (writes && !presses) catching().focus({ preventScroll: true });
  if (signIn.open) return;
  if (event.key === "F2") mute(event);
  if (event.key === "Escape") typed.value = "";
  if (typed.value && (event.key === "Enter" || event.key === "Tab")) finish(event);
});

function catching() {
  return signIn.open ? signIn.field : typed;
}

function finish(event) {
  event.preventDefault();
  const text = typed.value;
  typed.value = "";
  if (text.trim()) scan(text);
}

function mute(event) {
  event.preventDefault();
  sound.toggle();
  showMuted();
}

function showMuted() {
  document.getElementById("mute").setAttribute("aria-pressed", String(sound.muted));
  document.getElementById("mute-text").textContent = sound.muted ? "off" : "on";
}

// What was half typed long ago is no beginning of what is scanned now.
let starts;
typed.addEventListener("input", () => {
  clearTimeout(starts);
  starts = setTimeout(() => (typed.value = ""), STARTS_ANEW_MS);
});

document.getElementById("scan").addEventListener("submit", finish);
document.getElementById("mute").addEventListener("click", mute);
document.getElementById("leave").addEventListener("click", async () => {
  if (await signOut()) return link.close();
  notice = { action: "HOLD", word: "HOLD", line: "Not signed out: the gateway does not answer. Try again." };
  show();
});
window.addEventListener("error", broken);
window.addEventListener("unhandledrejection", broken);
window.addEventListener("offline", () => link.state !== "signed-out" && link.lose());
window.addEventListener("online", () => link.state === "lost" && link.connect());
for (const wakes of ["focus", "pageshow"]) window.addEventListener(wakes, () => link.check());
document.addEventListener("visibilitychange", () => link.check());

function start() {
  document.getElementById("page").hidden = false;
  typed.focus({ preventScroll: true });
  link.connect();
}

async function begin() {
  showMuted();
  show();
  await signInByAddress();
  const may = await scopes();
  if (may === null) {
    watching.clear(); // whoever signs in next has scanned nothing yet
    return signIn.show();
  }
  if (may && !may.includes("scan")) return signIn.show("This token has no scope scan. Sign in with one that has it.");
  start();
}

begin();
