// Signing in and out, the same on both pages: the token goes to the gateway once, and a cookie that no script sees
// comes back.

import { withoutPrefix } from "/pages/folding.js";
import { say } from "/pages/language.js";

/** Ask what the session may do: a list of scopes, null where there is no session, undefined where nobody answers. */
export async function scopes() {
  try {
    const answer = await fetch("/session", { cache: "no-store" });
    if (answer.ok) return (await answer.json()).scopes;
    return answer.status === 401 ? null : undefined;
  } catch {
    return undefined;
  }
}

/** End the session at the gateway; true if it has ended. */
export async function signOut() {
  try {
    const answer = await fetch("/session", { method: "DELETE" });
    return answer.ok || answer.status === 401;
  } catch {
    return false;
  }
}

/** Open a session; gives what went wrong, an empty text if nothing did. */
async function open(token, scope) {
  const headers = { "content-type": "application/json" };
  try {
    const answer = await fetch("/session", { method: "POST", headers, body: JSON.stringify({ token }) });
    if (answer.ok) return (await answer.json()).scopes.includes(scope) ? "" : say("This token has no scope {scope}.", { scope });
    if (answer.status === 401) return "This token is not known, or it has ended.";
    if (answer.status === 429) return "Too many tries. Wait a moment, then try again.";
    return say("The gateway refused ({status}). Ask the person who runs it.", { status: answer.status });
  } catch {
    return "The gateway does not answer. Check the network, then try again.";
  }
}

/** Sign in with the token behind the # of the address, which browsers send to nobody: so the demo hands its own over. */
export async function signInByAddress() {
  const token = location.hash.slice(1);
  if (!token.startsWith("tg_")) return;
  history.replaceState(null, "", location.pathname + location.search);
  // Nobody is signed in as somebody else by following a link.
  if ((await scopes()) === null) await open(token, "scan");
}

/** The sign-in form, which hides the page while it is open. */
export class SignIn {
  /** `scope` is what the page needs; `done` is called whenever somebody has signed in. */
  constructor(scope, done) {
    this.page = document.getElementById("page");
    this.view = document.getElementById("sign-in");
    this.field = document.getElementById("token");
    this.error = document.getElementById("sign-in-error");
    Object.assign(this, { scope, done });
    this.view.querySelector("form").addEventListener("submit", (event) => this.submit(event));
  }

  get open() {
    return !this.view.hidden;
  }

  show(why = "") {
    this.page.hidden = true;
    this.view.hidden = false;
    this.say(why);
    this.field.focus();
  }

  async submit(event) {
    event.preventDefault();
    const token = withoutPrefix(this.field.value.trim());
    this.field.value = "";
    this.say(token ? await open(token, this.scope) : "Scan or paste your token first.");
    if (this.error.textContent) return this.field.focus();
    this.view.hidden = true;
    this.page.hidden = false;
    this.done();
  }

  say(text) {
    this.error.textContent = say(text);
    this.field.setAttribute("aria-invalid", String(Boolean(text)));
  }
}
