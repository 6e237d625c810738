// Asking again and again, and knowing how old the last answer is. A page may look fresh only while the state is "live".

const PAUSE_MS = 4_000;
const ANSWER_MS = 6_000;
const FRESH_MS = 12_000; // an answer of before counts no longer

/** States: "connecting", "live", "stale" (the gateway says that what it knows may be old), "lost", "signed-out". */
export class Polling {
  /** `address` says what to ask, null for nothing; `changed(state, answer)` is told of every answer and every state. */
  constructor(address, changed) {
    Object.assign(this, { address, changed, state: "connecting", answer: null, heard: moment(), number: 0 });
    setInterval(() => this.check(), 250);
  }

  /** Ask at once, as something else may be wanted now; an answer to what was asked before is not taken. */
  ask() {
    clearTimeout(this.timer);
    this.turn(++this.number);
  }

  /** Ask no more, as nobody is signed in. */
  stop() {
    clearTimeout(this.timer);
    this.number += 1;
    this.become("signed-out", null);
  }

  /** Look whether the last answer has grown old; also when the page wakes up. */
  check() {
    if (this.state === "live" && elapsed(this.heard) > FRESH_MS) this.become("lost", this.answer);
  }

  async turn(number) {
    const asked = moment(); // an answer is no younger than its question
    const found = await answerOf(this.address());
    if (number !== this.number) return;
    if (found.status === 401) return this.stop();
    if (found.body) this.heard = asked;
    const state = !found.body ? "lost" : found.body.stale ? "stale" : "live";
    this.become(state, found.body ?? this.answer);
    this.timer = setTimeout(() => this.turn(number), PAUSE_MS);
  }

  become(state, answer) {
    Object.assign(this, { state, answer });
    this.changed(state, answer);
  }
}

async function answerOf(address) {
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
    return { status: answer.status, body: answer.ok ? await answer.json() : null };
  } catch {
    return { status: 0, body: null };
  }
}

// Two clocks: one stands still while some machines sleep, the other may be set back.
function moment() {
  return [Date.now(), performance.now()];
}

function elapsed([wall, steady]) {
  return Math.max(Date.now() - wall, performance.now() - steady);
}
