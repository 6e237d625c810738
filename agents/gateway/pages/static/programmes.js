// The choice of a programme: those that are enabled, and what a day means under the one that is chosen.

import { get } from "/pages/asking.js";
import { make } from "/pages/elements.js";
import { zoneName } from "/pages/words.js";

const choice = document.getElementById("programme");
const dayLabel = document.getElementById("day-label");
const period = document.getElementById("period");

const WINDOWS = {
  day: "",
  "calendar-month": "The whole month of that day is shown.",
  "half-year": "The whole half-year of that day is shown.",
  "calendar-year": "The whole year of that day is shown.",
  conveyance: "Each conveyance with a bill of that day is shown.",
};

let known = {};
let usual = "";

/** Offer the enabled programmes, and choose the default. If the list cannot be had, only the default is offered. */
export async function offerProgrammes() {
  const none = { default: "", programmes: [{ id: "", title: "the default" }] };
  const offered = await get(["pages", "programmes.json"]).catch(() => none);
  usual = offered.default;
  known = Object.fromEntries(offered.programmes.map((each) => [each.id, each]));
  const options = offered.programmes.map(({ id, title }) => option(id, id ? `${id}: ${title}` : title));
  choice.replaceChildren(...options);
  choose("");
}

/** Choose a programme by its id, or else the default. */
export function choose(id) {
  const wanted = id || usual;
  if (![...choice.options].some((each) => each.value === wanted)) choice.append(option(wanted, wanted));
  choice.value = wanted;
  explain();
}

/** The zone whose dates a programme counts; undefined where that is not known here. */
export function zoneOf(id) {
  return known[id || usual]?.zone;
}

function option(value, text) {
  return make("option", { value }, text);
}

function explain() {
  const { zone, date, window, per_seller: perSeller } = known[choice.value] ?? {};
  const kind = date === "purchase" ? "Day of purchase" : "Day";
  dayLabel.textContent = `${kind} (${zoneName(zone).replace(/^Eastern$/, "US Eastern")})`;
  period.textContent = [WINDOWS[window] ?? "", perSeller ? "Each seller has a total of its own." : ""].join(" ").trim();
}

choice.addEventListener("change", explain);
