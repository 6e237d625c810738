// The language of a page. One table, phrases.json, has every phrase in every language, found by its English; what the
// table lacks stays English and is marked so. Pages ask for it with <html data-languages>; the others are English.

const ENGLISH = "en";
const PROGRAMME = /^(.+) (\([\w-]+\))$/; // the gateway names the programme behind a line
const TABLE = await load();

/** The language of the page, such as "de"; and its tag, as the attribute lang and Intl take it. */
export const language = choose();
export const tag = TABLE.languages[language] ?? ENGLISH;
/** As a browser that is set to Mexico's Spanish writes dates and numbers, if it is. */
export const locale = navigator.languages.find((each) => base(each) === language) ?? tag;

const known = new Map(TABLE.phrases.map((each) => [each.en, each[language]]));

/** Return a phrase in the page's language, with the values put where it names them in braces. */
export function say(english, values = {}) {
  const [, phrase, programme] = known.has(english) ? [] : (PROGRAMME.exec(english) ?? []);
  const found = known.get(english) ?? (known.has(phrase) ? `${known.get(phrase)} ${programme}` : english);
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Write a phrase into an element, and say in which language it is. Text that stays the same is left alone. */
export function write(element, english, values = {}) {
  const text = english && say(english, values);
  if (element.textContent === text) return; // a screen reader would say it again
  element.textContent = text;
  const isEnglish = language !== ENGLISH && text !== "" && text === english;
  if (isEnglish) element.lang = ENGLISH;
  else element.removeAttribute("lang");
}

function choose() {
  if (document.documentElement.dataset.languages === undefined) return ENGLISH;
  const asked = new URLSearchParams(location.search).get("lang");
  return [asked ?? "", ...navigator.languages].map(base).find((each) => each in TABLE.languages) ?? ENGLISH;
}

function base(wanted) {
  return wanted.toLowerCase().split(/[-_]/)[0];
}

// Without the table the page is English, and works.
async function load() {
  try {
    const answer = await fetch("/pages/phrases.json");
    if (answer.ok) return await answer.json();
  } catch {
    // as above
  }
  return { languages: { [ENGLISH]: ENGLISH }, phrases: [] };
}

document.documentElement.lang = tag;
for (const element of document.querySelectorAll("[data-say]")) write(element, element.textContent);
for (const element of document.querySelectorAll("[data-say-label]"))
  element.setAttribute("aria-label", say(element.getAttribute("aria-label")));
