// Elements made of text, never of markup: whatever an order number says, it is shown, not run.

/**
 * Make an element. `properties` are set on it; `class`, `data-…`, `aria-…`, `role` and other attributes with a hyphen
 * are set as attributes. Children are elements or text; null is left out.
 */
export function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class" || key === "role" || key.includes("-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** Make a list of terms; an entry whose value is null is left out. */
export function facts(entries) {
  const given = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make(
    "dl",
    { class: "facts" },
    given.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))),
  );
}

/** Set a bill number in groups of four, between which it wraps; no space gets into what is copied. */
export function numbered(bill) {
  const groups = bill.match(/.{1,4}/g) ?? [];
  return groups.flatMap((group, at) => [make("span", { class: "group" }, group), at + 1 < groups.length ? make("wbr") : ""]);
}

/** Make the mark of an action: its word in its colour. */
export function badge(action) {
  return make("span", { class: "badge", "data-action": action }, action);
}
