// The live link to the gateway. Nothing may be shown as GO unless it is "live"; it tells every change of its state.

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const MISSED_HEARTBEATS = 2.5;
const ANSWER_MS = 5_000;
const HELLO_MS = 5_000;
const HEARTBEAT_SECONDS = 5; // until the gateway has said its own
const TOKEN_ENDED = 4401;
const TOO_MANY = 4429;

/** States: "connecting", "live", "stale" (connected, but what the gateway knows may be old), "lost", "signed-out". */
export class Link {
  /**
   * `url` of the WebSocket; `signedIn` asks whether the session still stands, for a browser does not say why a
   * handshake failed; `on` has `state(state)`, `verdict(message)` and `problem(message)`.
   */
  constructor(url, signedIn, on) {
    Object.assign(this, { url, signedIn, on, state: "connecting", pause: FIRST_PAUSE_MS, socket: null });
    this.awaited = new Map(); // bill -> when it was asked for
    this.interval = MISSED_HEARTBEATS * 1000 * HEARTBEAT_SECONDS;
    this.heard(HELLO_MS);
    this.watchdog = setInterval(() => this.check(), 250);
  }

  /** Open the link, or open it anew; what an older socket still says is not heard. */
  connect() {
    clearTimeout(this.retry);
    this.drop();
    if (this.state === "signed-out") this.become("connecting");
    this.heard(HELLO_MS);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onmessage = (event) => this.socket === socket && this.receive(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
  }

  /** Ask for a bill, and watch it from then on. False: not connected; ask again once the link is live. */
  ask(bill) {
    if (this.state !== "live" && this.state !== "stale") return false;
    this.awaited.set(bill, moment());
    return this.send({ bill });
  }

  /** Watch a bill no longer. */
  forget(bill) {
    this.awaited.delete(bill);
    this.send({ forget: bill });
  }

  /** End the link for good, as when the session was ended. */
  close() {
    clearTimeout(this.retry);
    this.drop();
    this.become("signed-out");
  }

  /** Look whether the gateway has gone silent. The page calls it too, when it wakes up. */
  check() {
    const answers = [...this.awaited.values()];
    const silent = elapsed(this.last) > this.patience || answers.some((since) => elapsed(since) > ANSWER_MS);
    if (this.socket && silent) this.lose();
  }

  receive(message) {
    this.heard(this.interval);
    if (message.type === "hello") {
      this.interval = MISSED_HEARTBEATS * 1000 * message.heartbeat_seconds;
      this.pause = FIRST_PAUSE_MS;
      this.heard(this.interval);
    }
    if (message.type === "hello" || message.type === "heartbeat") this.become(message.stale ? "stale" : "live");
    if (message.type === "verdict") {
      if (!message.stale) this.become("live"); // one bill may be stale by itself, but none is up to date by itself
      this.awaited.delete(message.bill);
      this.on.verdict(message);
    }
    if (message.type === "error") {
      this.awaited.clear(); // an error need not say which bill it is about: none is waited for
      this.on.problem(message);
    }
  }

  async closed(code) {
    const welcomed = this.state === "live" || this.state === "stale";
    this.lose(code === TOO_MANY ? LONGEST_PAUSE_MS : this.pause);
    if (code === TOKEN_ENDED || (!welcomed && !(await this.signedIn()))) this.close();
  }

  lose(pause = this.pause) {
    this.drop();
    this.become("lost");
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), pause * (0.5 + Math.random()));
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    this.awaited.clear();
    socket?.close();
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  heard(patience) {
    this.last = moment();
    this.patience = patience;
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.on.state(state);
  }
}

// Two clocks: one stands still while some machines sleep, the other may be set back.
function moment() {
  return [Date.now(), performance.now()];
}

function elapsed([wall, steady]) {
  return Math.max(Date.now() - wall, performance.now() - steady);
}
