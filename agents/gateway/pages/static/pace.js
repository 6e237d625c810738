// How fast the characters of a scan came. A scanner does not pause: a fast run and a pause together are two scans, or
// one that broke off. A person may pause, and types no fast run.

const FAST_MS = 60;
const RUN = 4;
const PAUSE_MS = 1_000;
const LEFT_MS = 60_000;

export class Pace {
  last = null;
  run = 0;
  ran = false;
  paused = false;
  left = false;

  /** Note that characters came with an event; return whether they came as fast as a scanner sends. */
  note(event, count = 1) {
    const now = moment(event);
    const gap = this.last === null ? Infinity : Math.max(now[0] - this.last[0], now[1] - this.last[1]);
    this.run = gap < FAST_MS ? this.run + count : count;
    this.ran ||= this.run >= RUN;
    if (this.last !== null) {
      this.paused ||= gap >= PAUSE_MS;
      this.left ||= gap >= LEFT_MS;
    }
    this.last = now;
    return gap < FAST_MS;
  }

  /** Tell whether this cannot be one scan, nor something typed at one go. */
  get broken() {
    return this.left || (this.ran && this.paused);
  }
}

// Two clocks: one stands still while some machines sleep, the other may be set.
function moment(event) {
  return [event.timeStamp, Date.now() - (performance.now() - event.timeStamp)];
}
