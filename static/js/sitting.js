// The clock of a sitting. What remains is told by the server's time, whatever the clock of this device says;
// each look at the server sets it anew. Without this file the page says until when, and looks again when asked.

const find = (selector) => document.querySelector(selector);
let ahead = 0; // of our own clock, in milliseconds
let was = 0; // seconds that were left when we last looked at the clock
let sound = null; // only after a tap

function set(now) {
  if (now > 0) ahead = now - Date.now();
}

function tick() {
  const clock = find('[data-ends]');
  if (!clock) return;
  const { ends, paused, length } = clock.dataset;
  const left = Math.max(0, Math.ceil((ends - (paused || Date.now() + ahead)) / 1000));
  const said = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  const text = find('[data-left]');
  if (text.textContent !== said) text.textContent = said;
  find('[data-arc]')?.setAttribute('stroke-dasharray', `${Math.min(100, 100 * Math.max(0, 1 - left / length)).toFixed(1)} 200`);
  find('[data-time-up]').hidden = left > 0;
  if (!left && was && !paused) bell();
  was = left;
}

// Soft, and short: a bowl that is struck once.
function bell() {
  if (!sound) return;
  const tone = sound.createOscillator(), volume = sound.createGain(), at = sound.currentTime;
  tone.frequency.value = 396;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.2, at + 0.04);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 2.5);
  tone.connect(volume).connect(sound.destination);
  tone.start(at);
  tone.stop(at + 2.6);
  navigator.vibrate?.(200);
}
document.addEventListener('click', (e) => {
  const button = e.target.closest('[data-sound]');
  if (!button) return;
  sound?.close();
  sound = sound || !globalThis.AudioContext ? null : new AudioContext();
  button.setAttribute('aria-pressed', String(!sound));
  bell();
});

// ---- how things are: asked every two seconds (by htmx), and at once whenever someone looks at this again

const look = () => { if (!document.hidden) find('#again')?.dispatchEvent(new Event('look')); };
const lost = (is) => { const line = find('[data-lost]'); if (line) line.hidden = !is; };
document.addEventListener('visibilitychange', look);
addEventListener('online', look);
addEventListener('pageshow', look);
document.addEventListener('htmx:after:request', (e) => {
  lost(false);
  set(Number(e.detail.ctx.response.raw.headers.get('Sitting-Now')));
});
document.addEventListener('htmx:after:swap', tick);
document.addEventListener('htmx:error', () => lost(true));

set(Number(find('[data-now]')?.dataset.now));
setInterval(tick, 250);
tick();
