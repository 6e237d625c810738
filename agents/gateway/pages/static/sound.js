// A sound and a buzz for every action, made here: no files. Loud, short, and told apart by rhythm as well as by pitch.

// Each note: start and length in seconds, pitch in hertz. The wave gives it a voice of its own.
const SOUNDS = {
  GO: {
    wave: "sine",
    notes: [
      [0, 0.12, 880],
      [0.13, 0.25, 1319],
    ],
  },
  HOLD: {
    wave: "square",
    notes: [
      [0, 0.18, 330],
      [0.26, 0.18, 330],
    ],
  },
  STOP: {
    wave: "sawtooth",
    notes: [
      [0, 0.22, 196],
      [0.28, 0.22, 196],
      [0.56, 0.4, 147],
    ],
  },
  WAIT: { wave: "triangle", notes: [[0, 0.45, 523]] },
  DONE: {
    wave: "sine",
    notes: [
      [0, 0.09, 660],
      [0.1, 0.12, 440],
    ],
  },
  LOST: {
    wave: "square",
    notes: [
      [0, 0.3, 440],
      [0.3, 0.5, 220],
    ],
  },
  CHANGED: {
    wave: "triangle",
    notes: [
      [0, 0.07, 988],
      [0.08, 0.07, 1245],
      [0.16, 0.07, 1568],
      [0.24, 0.07, 1976],
    ],
  },
};
// Milliseconds of buzz and pause, on a device that can: as many buzzes as the action is grave.
const BUZZES = {
  GO: [90],
  HOLD: [220, 120, 220],
  STOP: [320, 120, 320, 120, 600],
  WAIT: [160],
  DONE: [60, 60, 60],
  LOST: [600],
  CHANGED: [60, 60, 60, 60, 60, 60],
};
const CHANGED_SECONDS = 0.42;
const LOUD = 0.4;
const STORED = "tallygate.muted";

export class Sound {
  constructor(storage) {
    this.storage = storage;
    this.muted = storage.getItem(STORED) === "yes";
  }

  /** Let the page sound. Browsers allow it only once a key was pressed, so every key calls this. */
  wake() {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume().catch(() => {}); // silence, then, but no failure
  }

  toggle() {
    this.muted = !this.muted;
    this.storage.setItem(STORED, this.muted ? "yes" : "no");
  }

  /** Sound an action, and buzz; `changed` puts a trill before it. Muted, it still buzzes. */
  play(name, changed = false) {
    // Browsers let a page buzz only once a person has touched it, and log a complaint before that.
    if (navigator.userActivation?.hasBeenActive)
      navigator.vibrate?.(changed ? [...BUZZES.CHANGED, 120, ...BUZZES[name]] : BUZZES[name]);
    if (this.muted || !this.context) return;
    const now = this.context.currentTime;
    if (changed) this.sound(SOUNDS.CHANGED, now);
    this.sound(SOUNDS[name], now + (changed ? CHANGED_SECONDS : 0));
  }

  sound({ wave, notes }, begin) {
    for (const [start, seconds, pitch] of notes) {
      const tone = new OscillatorNode(this.context, { type: wave, frequency: pitch });
      const volume = new GainNode(this.context, { gain: 0 });
      tone.connect(volume).connect(this.context.destination);
      // A ramp at both ends: a bare start or stop would click.
      volume.gain.setTargetAtTime(LOUD, begin + start, 0.005);
      volume.gain.setTargetAtTime(0, begin + start + seconds - 0.03, 0.01);
      tone.start(begin + start);
      tone.stop(begin + start + seconds + 0.05);
    }
  }
}
