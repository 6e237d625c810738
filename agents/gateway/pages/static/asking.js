// Asking the gateway. What it refuses comes as a `Refusal` with words for the person, whatever the reason.

export class Refusal extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

const WORDS = {
  401: "You are signed out.",
  403: "Your token has no scope audit, which this page needs. Sign out, then sign in with one that has it.",
  429: "You are asking too often. Wait a moment, then try again.",
  503: "The gateway cannot answer just now. Try again in a moment.",
};

/** Get JSON from an address made of parts, each of which is escaped, and a query. Raises Refusal. */
export async function get(parts, query = {}) {
  const address = `/${parts.map(encodeURIComponent).join("/")}?${new URLSearchParams(query)}`;
  let answer;
  try {
    answer = await fetch(address, { headers: { accept: "application/json" }, cache: "no-store" });
  } catch {
    throw new Refusal(0, "The gateway does not answer. Check the network, then try again.");
  }
  if (answer.ok) return answer.json();
  throw new Refusal(answer.status, WORDS[answer.status] ?? (await detail(answer)));
}

async function detail(answer) {
  const { title, detail: more } = await answer.json().catch(() => ({}));
  if (!title) return `The gateway said ${answer.status}.`;
  return more ? `${title}: ${more}` : title;
}
