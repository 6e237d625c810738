// What the worker sees: the answer that fills the screen, the last scans, the state of the link. Text only, no markup.

import { numbered } from "/pages/elements.js";
import { language, say, write } from "/pages/language.js";
import { IDLE } from "/pages/notices.js";
import { shown, standing } from "/pages/watching.js";

const LISTED = 8;
const LINK_WORDS = {
  connecting: "Connecting …",
  live: "Live",
  stale: "Not up to date",
  lost: "No live connection – trying again",
  "signed-out": "Signed out",
};

const at = (id) => document.getElementById(id);

/** Show everything anew. `notice`, if given, stands instead of an answer: a scan is unfinished, no bill, or an error. */
export function draw(watching, state, notice = null) {
  const top = watching.top;
  const said = notice ? state : standing(top, state);
  document.body.dataset.state = said;
  write(at("link-text"), LINK_WORDS[said]);
  if (notice) {
    answer(notice);
  } else if (top) {
    const { action, todo, line } = shown(top, state);
    answer({ action: action ?? "NONE", word: action ?? "…", bill: top.bill, todo, line, was: changed(top, state) });
  } else if (state === "live" || state === "connecting") {
    answer(IDLE);
  } else {
    answer({ word: "HOLD", ...shown({}, state) });
  }
  const others = watching.entries.filter((entry) => notice || entry !== top);
  recent(others.slice(0, LISTED), state);
}

// A change is told beside the action that it led to, not beside what is shown for want of one.
function changed(entry, state) {
  return state === "live" && entry.verdict ? entry.was : null;
}

function answer({ action, word, bill = "", read = "", todo = "", line, was = null }) {
  document.body.dataset.action = action;
  at("icon-use").setAttribute("href", `#icon-${action}`);
  if (at("word").textContent !== word) at("word").textContent = word; // English everywhere, as on shelves and in docs
  write(at("word-here"), language === "en" || word === "…" ? "" : word);
  write(at("todo"), todo);
  if (at("bill").textContent !== bill) at("bill").replaceChildren(...numbered(bill));
  at("answer").style.setProperty("--characters", String(Math.max(1.1 * bill.length, 14)));
  write(at("read"), read && "Read: “{read}”", { read });
  write(at("line"), line);
  at("changed").hidden = !was;
  write(at("changed"), was ? "Changed: was {was}" : "", { was });
}

function recent(entries, state) {
  at("recent").replaceChildren(...entries.map((entry) => card(entry, shown(entry, state), changed(entry, state))));
  at("recent-title").hidden = entries.length === 0;
}

function card(entry, { action }, was) {
  const item = document.createElement("li");
  item.dataset.action = action ?? "NONE";
  item.append(icon(action ?? "NONE"), element("strong", action ?? "…"));
  if (was) item.append(element("em", say("was {was}", { was })));
  const bill = document.createElement("span");
  bill.className = "bill";
  bill.append(...numbered(entry.bill));
  item.append(bill);
  return item;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function icon(action) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${action}`);
  made.setAttribute("aria-hidden", "true");
  made.append(use);
  return made;
}
