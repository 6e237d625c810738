// Put into every page before its own scripts: what it showed, moment by moment, and what it sounded and buzzed.
window.recorded = { shown: [], said: [], pitches: [], buzzes: [] };
new MutationObserver(() => {
  const { state, action } = document.body?.dataset ?? {};
  if (!action) return;
  window.recorded.shown.push(`${state} ${action}`);
  const [link, line] = ["link-text", "line"].map((id) => document.getElementById(id)?.textContent ?? "");
  window.recorded.said.push(`${link} | ${line}`);
}).observe(document, { attributes: true, attributeFilter: ["data-state", "data-action"], subtree: true });
navigator.vibrate = (pattern) => window.recorded.buzzes.push(pattern.join(" "));
window.OscillatorNode = class extends OscillatorNode {
  constructor(context, options) {
    super(context, options);
    window.recorded.pitches.push(options.frequency);
  }
};
