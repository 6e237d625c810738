// The scanner page: what is scanned goes to the link, what comes back to screen and loudspeaker.

import { foldBill } from "/pages/folding.js";
import { meaning } from "/pages/keys.js";
import { say, write } from "/pages/language.js";
import { Link } from "/pages/link.js";
import * as notices from "/pages/notices.js";
import { draw } from "/pages/screen.js";
import { scopes, SignIn, signInByAddress, signOut } from "/pages/session.js";
import { Sound } from "/pages/sound.js";
import { Typing } from "/pages/typing.js";
import { shown, Watching } from "/pages/watching.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const typed = document.getElementById("typed");
const watching = new Watching(sessionStorage);
const sound = new Sound(localStorage);
const signIn = new SignIn("scan", start);
const address = new URL("/v1/scan", location.href);
address.protocol = address.protocol.replace("http", "ws");
const typing = new Typing(typed, { begun, unended, ended: scan, cleared }, () => signIn.open);
const link = new Link(address, async () => (await scopes()) !== null, { state: changedState, verdict, problem });
let notice = null;
let away = false; // whether keys go elsewhere, by the events; a browser's `hasFocus()` may say otherwise

function show() {
  draw(watching, link.state, notice);
}

// Whatever goes wrong in this page, it does not go on showing GO.
function broken() {
  document.body.dataset.action = "HOLD";
  notice = notices.BROKEN;
  show();
}

// The answer before belongs to another parcel: it goes with the first character, and does not come back.
function begun() {
  away = false; // a key came
  watching.leaveScreen();
  notice = notices.UNFINISHED;
  show();
}

function unended() {
  if (notice !== notices.UNFINISHED) return;
  notice = notices.UNENDED;
  show();
  sound.play("HOLD");
}

function cleared() {
  watching.leaveScreen();
  notice = null;
  show();
}

function scan(text, brokenOff) {
  const card = notices.isCard(text);
  const bill = brokenOff || card ? null : foldBill(text);
  notice = null;
  if (bill) {
    for (const dropped of watching.scan(bill)) link.forget(dropped);
    link.ask(bill); // if there is no link it is asked for as soon as there is
  } else if (!brokenOff && text.trim().toUpperCase() === ALPHABET) {
    notice = notices.AGREES;
  } else {
    notice = brokenOff ? notices.BROKEN_OFF : card ? notices.CARD : notices.noBill(text);
    sound.play("HOLD");
  }
  show();
  if (bill && link.state === "lost") sound.play("HOLD");
}

function verdict(message) {
  const kind = watching.take(message);
  const takes = kind === "changed" && watching.screen === message.bill;
  if (takes && !typed.value && !away) notice = null;
  show();
  const onScreen = watching.screen === message.bill && !notice;
  if (onScreen && (kind === "changed" || kind === "answer")) {
    sound.play(shown(watching.top, link.state).action ?? "HOLD", kind === "changed");
  } else if (kind === "changed") {
    sound.play("CHANGED"); // it stands in the list; no sound of an action, which would be heard for the parcel at hand
  }
}

function problem({ status, title }) {
  notice = notices.refused(title, status);
  show();
  sound.play("HOLD");
}

function changedState(state) {
  if (state !== "live") watching.unanswered();
  else for (const bill of watching.bills) link.ask(bill); // the newest first
  if (state === "signed-out") {
    watching.clear();
    typing.clear();
    notice = null;
    signIn.show("You are signed out.");
  }
  show();
  if ((state === "lost" || state === "stale") && watching.entries.length) sound.play("LOST");
}

document.addEventListener("keydown", (event) => {
  sound.wake();
  if (signIn.open) return signInByKey(event);
  if (event.key === "F2" && !event.defaultPrevented) mute(event);
  if (event.key === "Tab" && !event.shiftKey && !event.defaultPrevented && document.activeElement === typed) {
    // Some scanners send a Tab after Enter: the focus stays on the page, and keys with it.
    event.preventDefault();
    document.getElementById("mute").focus();
  }
});

// A card with a token is scanned too, wherever the focus is.
function signInByKey(event) {
  const { kind, text, idle, ours } = meaning(event);
  if (ours && !idle) event.preventDefault();
  if (kind === "end" && ours) return signIn.field.form.requestSubmit();
  const pastes = event.key.toLowerCase() === "v" && idle;
  if (kind === "text" && (pastes || !ours) && !(text === " " && document.activeElement instanceof HTMLButtonElement))
    signIn.field.focus({ preventScroll: true });
}

function mute(event) {
  event.preventDefault();
  sound.toggle();
  showMuted();
}

function showMuted() {
  document.getElementById("mute").setAttribute("aria-pressed", String(sound.muted));
  write(document.getElementById("mute-text"), sound.muted ? "Sound off" : "Sound on");
}

document.getElementById("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  typing.end(event);
});
document.getElementById("mute").addEventListener("click", mute);
document.getElementById("leave").addEventListener("click", async () => {
  if (await signOut()) return link.close();
  notice = notices.NOT_SIGNED_OUT;
  show();
});
window.addEventListener("error", broken);
window.addEventListener("unhandledrejection", broken);
window.addEventListener("offline", () => link.state !== "signed-out" && link.lose());
window.addEventListener("online", () => link.state === "lost" && link.connect());
window.addEventListener("focus", () => attend(true));
window.addEventListener("blur", () => attend(false));
document.addEventListener("visibilitychange", () => link.check());
// A browser may keep a page that was left, and show it again as it stood.
window.addEventListener("pagehide", () => {
  typing.clear();
  cleared();
});
window.addEventListener("pageshow", (event) => (event.persisted ? link.connect() : link.check()));

// While keys go elsewhere scans do too, and no answer on this page is that of the parcel at hand.
function attend(here) {
  away = !here;
  watching.leaveScreen();
  if (!here) notice = notices.ELSEWHERE;
  else notice = typed.value ? notices.UNENDED : null;
  show();
  link.check();
}

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
  if (may && !may.includes("scan")) return signIn.show(say("This token has no scope {scope}. Sign in with one that has it.", { scope: "scan" }));
  start();
}

begin();
