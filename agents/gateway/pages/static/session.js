// Signing in and out, the same on both pages: the token goes to the gateway once, and a cookie that no script sees comes back.

/** Ask whether the session stands: true unless the gateway says that it does not. */
export async function signedIn() {
  try {
    const answer = await fetch("/session", { cache: "no-store" });
    return answer.status !== 401;
  } catch {
    return true; // no gateway is not a missing session: the link goes on trying
  }
}

async function post(token) {
  try {
    const body = JSON.stringify({ token });
    const answer = await fetch("/session", { method: "POST", headers: { "content-type": "application/json" }, body });
    if (answer.ok) return null;
    if (answer.status === 401) return "This token is not known, or it has ended.";
    if (answer.status === 429) return "Too many tries. Wait a minute, then try again.";
    return `The gateway said ${answer.status}. Try again, or ask whoever runs it.`;
  } catch {
    return "The gateway does not answer. Check the network, then try again.";
  }
}

/** The sign-in form: `show(why)` opens it, `signedInNow` is called when it has done its work. */
export class SignIn {
  constructor(signedInNow) {
    this.page = document.getElementById("page");
    this.view = document.getElementById("sign-in");
    this.form = this.view.querySelector("form");
    this.field = this.view.querySelector("input");
    this.error = document.getElementById("sign-in-error");
    this.form.addEventListener("submit", (event) => this.submit(event, signedInNow));
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

  async submit(event, signedInNow) {
    event.preventDefault();
    const token = this.field.value.trim();
    if (!token) return this.say("Scan or paste your token first.");
    this.say("");
    const wrong = await post(token);
    this.field.value = "";
    if (wrong) {
      this.say(wrong);
      this.field.focus();
      return;
    }
    this.view.hidden = true;
    this.page.hidden = false;
    signedInNow();
  }

  say(text) {
    this.error.textContent = text;
    this.field.setAttribute("aria-invalid", String(Boolean(text)));
  }
}

/** End the session at the gateway; true if it has. */
export async function signOut() {
  try {
    return (await fetch("/session", { method: "DELETE" })).ok;
  } catch {
    return false;
  }
}
