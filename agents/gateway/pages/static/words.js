// Figures, days and decisions in words for people who read neither code nor JSON.

const DAY = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const EASTERN = "America/New_York";
const TIME = {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
};

const OUTCOMES = {
  release: "Released: it goes free of duty under the limit",
  withhold: "Withheld: its release waits until it leaves by another way",
  clear: "Expected to be released when it arrives, as things stand",
  warn: "Warned: it does not fit the limit",
  reject: "Refused: it cannot use the exemption",
  pending: "Waiting: nothing is known of its arrival",
  closed: "Closed: it has left",
};

const ENTRIES = { 11: "type 11, an informal entry", "01": "type 01, a formal entry" };

const ALERTS = {
  "near-limit": "More than nine tenths of the limit is used",
  "duplicate-bill": "The same bill came on more than one conveyance",
  structuring: "Several bills of one order are together over the limit",
  "release-superseded": "A bill that was released is now withheld",
};

const CERTAINTY = {
  A: "the official text was seen",
  B: "the official position, seen through others",
  C: "an inference, or a choice of this project",
  D: "a claim without official support",
};

/** An amount with its currency: "$12.00", or "GEL 12.00". */
export function money(cents, currency) {
  if (cents === null || cents === undefined) return "unknown";
  return new Intl.NumberFormat("en-US", { style: "currency", currency: currency || "USD" }).format(cents / 100);
}

/** A day such as "Wednesday, 20 August 2025"; it is a date, not an instant, so no zone may shift it. */
export function longDay(day) {
  return day ? DAY.format(new Date(`${day}T00:00:00Z`)) : "no day yet";
}

/** A limit that is not on value, such as "900 g of 30,000 g". */
export function measureWords({ measure, total, limit }) {
  const unit = measure === "weight" ? " g" : "";
  return [total, limit].map((number) => `${number.toLocaleString("en-US")}${unit}`).join(" of ");
}

/** An instant in the zone whose dates count, such as "20 Aug 2025, 14:04:11 Eastern". */
export function timeIn(zone, instant) {
  if (!instant) return "unknown";
  const timeZone = zone ?? EASTERN;
  return `${new Intl.DateTimeFormat("en-GB", { ...TIME, timeZone }).format(new Date(instant))} ${zoneName(timeZone)}`;
}

export function zoneName(zone) {
  return !zone || zone === EASTERN ? "Eastern" : zone;
}

export function outcomeWords(outcome) {
  return OUTCOMES[outcome] ?? outcome;
}

export function alertWords(kind) {
  return ALERTS[kind] ?? kind;
}

export function certaintyWords(letter) {
  return `${letter}: ${CERTAINTY[letter] ?? "not said"}`;
}

/** What to do with a bill that does not fit. */
export function adviceWords({ advice, programme, currency }) {
  const { entry_type: type, next_day: day, dutiable_cents: dutiable, caution } = advice;
  if (programme && !programme.startsWith("us-")) {
    const duty = Number.isInteger(dutiable) ? `Duty is due on ${money(dutiable, currency)}.` : "Declare it with duty.";
    if (caution) return `${duty} Do not bring it in on another day: its order is over the limit together.`;
    return day ? `${duty} The first day on which it would have fitted: ${longDay(day)}.` : duty;
  }
  const enter = type
    ? `To free it, enter it with ${ENTRIES[type] ?? `type ${type}`}.`
    : "It is dutiable: the carrier or a qualified party collects the duty on mail.";
  if (caution) {
    return `${enter} Do not bring it in on another day: its order is over the limit together (19 CFR 10.151).`;
  }
  return day
    ? `${enter} The first day on which it would have fitted: ${longDay(day)}.`
    : `${enter} It fits on none of the next 14 days.`;
}
