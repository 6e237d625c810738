// One bill, opened: what was decided, by which dated rule, and everything that was decided before.

import { get } from "/pages/asking.js";
import { badge, facts, make } from "/pages/elements.js";
import { zoneOf } from "/pages/programmes.js";
import { adviceWords, certaintyWords, longDay, measureWords, money, outcomeWords, timeIn } from "/pages/words.js";

const dialog = document.getElementById("detail");
const body = document.getElementById("detail-body");

/** Open a bill by its number; what cannot be had is said in its place. */
export async function openBill(bill) {
  document.getElementById("detail-title").textContent = bill;
  body.replaceChildren(make("p", { role: "status" }, "Looking it up …"));
  if (!dialog.open) dialog.showModal();
  const [verdict, rules, history] = await Promise.all([
    get(["v1", "bills", bill]).catch(refused),
    get(["pages", "rules.json"]).catch(() => ({})),
    get(["v1", "bills", bill, "history"]).catch(refused),
  ]);
  const parts = verdict.refused
    ? [make("p", { class: "warning" }, verdict.refused)]
    : [doubt(verdict, rules), ...present(verdict), rule(verdict, rules)].filter(Boolean);
  body.replaceChildren(...parts, past(history));
}

function refused(refusal) {
  return { refused: refusal.message };
}

// What was decided under a programme or by a rule that is not certain begins with that.
function doubt({ programme, rule: decided }, rules) {
  const of = [decided, programme === "us-321" ? null : programme].map((id) => rules[id]?.certainty);
  const marks = [...new Set(of)].filter((mark) => mark && mark !== "A").sort();
  if (!marks.length) return null;
  const words = marks.map((mark) => `Certainty ${certaintyWords(mark)}.`).join(" ");
  return make("p", { class: "warning" }, `${words} Check it in the text of the law.`);
}

function present(verdict) {
  const conveyances = verdict.conveyances ?? [];
  return [
    make("p", { class: "verdict" }, badge(verdict.action), ` ${outcomeWords(verdict.outcome)}. ${verdict.line}`),
    verdict.advice ? make("p", { class: "advice" }, adviceWords(verdict)) : null,
    facts([
      ["Value", money(verdict.value_cents, verdict.currency)],
      ["Counts in the total", verdict.counts ? `yes, as ${money(verdict.counted_cents, verdict.currency)}` : "no"],
      [
        "Day",
        `${longDay(verdict.day)}${verdict.basis ? (verdict.basis === "actual" ? ", arrived" : ", expected") : ""}`,
      ],
      ["Conveyance", verdict.conveyance],
      ["Programme", verdict.programme],
      ["Period", verdict.period === verdict.day ? null : verdict.period?.replace("/", " to ")],
      ...(verdict.measures ?? []).map((each) => [each.measure === "weight" ? "Weight" : "Bills", measureWords(each)]),
      ["Order", verdict.order],
      ["Customs would say", verdict.code && `${verdict.code.code} ${verdict.code.text}`],
      ["The event that led to it", timeIn(zoneOf(verdict.programme), verdict.time)],
    ]),
    conveyances.length
      ? make("section", {}, make("h3", {}, "On other conveyances"), make("ul", {}, conveyances.map(elsewhere)))
      : null,
  ].filter(Boolean);
}

function elsewhere(other) {
  return make("li", {}, badge(other.action), ` ${other.conveyance}: ${other.line}`);
}

function rule(verdict, rules) {
  const ids = [verdict.rule, ...Object.keys(rules).filter((id) => verdict.filing_errors?.includes(rules[id].error))];
  const shown = [...new Set(ids)].filter((id) => id !== null && id !== undefined);
  const articles = shown.map((id) => article(id, rules[id]));
  return make(
    "section",
    { class: "rule" },
    make("h3", {}, "The rule"),
    articles.length ? articles : make("p", { class: "soft" }, "No dated rule decided this."),
  );
}

function article(id, entry) {
  if (!entry) return make("p", {}, make("code", {}, id));
  return make(
    "article",
    {},
    make("p", {}, make("strong", {}, entry.says), `, ${entry.period}.`),
    make("p", {}, entry.text),
    facts([
      ["Source", entry.source],
      ["How certain", certaintyWords(entry.certainty)],
      ["Its id", id],
    ]),
  );
}

function past(history) {
  const title = make("h3", {}, "Everything that was decided, and when");
  if (history.refused)
    return make("section", {}, title, make("p", { class: "soft" }, `The history cannot be shown. ${history.refused}`));
  const items = history.decisions.map((each) =>
    make(
      "li",
      {},
      make(
        "p",
        {},
        badge(each.action),
        make("strong", {}, ` ${timeIn(zoneOf(each.programme), each.time)}`),
        ` ${outcomeWords(each.outcome)}.`,
      ),
      make("p", { class: "soft" }, trail(each)),
    ),
  );
  const rest =
    history.complete && !history.next
      ? null
      : make("p", { class: "soft" }, "Older or further decisions are not shown here.");
  return make(
    "section",
    {},
    title,
    items.length ? make("ol", { class: "history" }, items) : make("p", { class: "soft" }, "No decision on this bill is kept."),
    rest,
  );
}

function trail(each) {
  const total =
    each.total_cents === null ? "" : ` Total then ${money(each.total_cents, each.currency)} of ${money(each.limit_cents, each.currency)}.`;
  return `${each.conveyance}, ${longDay(each.day)}. Reason ${each.reason}, rule ${each.rule ?? "none"}.${total}`;
}
