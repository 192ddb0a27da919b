// Progressive enhancement only: without this file every control is still a working form or link.

const root = document.documentElement;
const words = () => document.getElementById('words')?.dataset ?? {};
root.dataset.js = '';

// ---- toasts: what the server said, and what we have to say ourselves

function say(sentence) {
  const box = document.getElementById('toasts');
  const toast = document.getElementById('toast')?.content.firstElementChild.cloneNode(true);
  if (!box || !toast || !sentence) return;
  for (const old of box.querySelectorAll('[data-ours]')) old.remove();
  toast.dataset.ours = '';
  toast.querySelector('div').textContent = sentence;
  box.append(toast);
}

// One that asks for nothing leaves by itself, unless someone is reading it.
function fade(toast) {
  if (toast.dataset.timed || toast.matches('.error, .warning') || toast.querySelector('a, form')) return;
  toast.dataset.timed = '';
  const leave = () => (toast.matches(':hover, :focus-within') ? setTimeout(leave, 3000) : toast.remove());
  setTimeout(leave, 12000);
}

// ---- what becomes of a piece of page when it arrives

function ready(piece) {
  const all = (selector) => [...(piece.matches?.(selector) ? [piece] : []), ...piece.querySelectorAll(selector)];
  if (matchMedia('(min-width: 64rem)').matches) for (const fold of all('details[data-open-wide]')) fold.open = true;
  for (const wide of all('.wide-scroll')) wide.scrollLeft = wide.scrollWidth; // the latest weeks first
  for (const input of all('[data-zone]')) {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (here && !input.value && (!input.options || [...input.options].some((o) => o.value === here))) input.value = here;
  }
  for (const toast of all('.toast')) fade(toast);
  for (const form of all('form[data-draft]')) restore(form);
}

// ---- drafts: what is typed survives a lost connection, on this device and for this member only

const PREFIX = 'draft:';
const WEEK = 7 * 24 * 3600 * 1000;
const draftKey = (form) => `${PREFIX}${root.dataset.who ?? ''}:${form.id}`;
const store = {
  get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden */ } },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* forbidden */ } },
  keys: () => { try { return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)); } catch { return []; } },
};

function typed(form) {
  return [...form.elements].filter((e) => e.name && !/^(hidden|password|file|submit|button|reset)$/.test(e.type) && e.type);
}
function answers(form) {
  return typed(form).map((e) => [e.name, /^(checkbox|radio)$/.test(e.type) ? [e.value, e.checked] : e.value]);
}
// With where it belongs, so that whoever signs out can go back to it. A form in parts keeps those before as well.
function keep(form) {
  const key = draftKey(form), place = document.title.split(' · ')[0], mine = answers(form);
  const before = form.dataset.draft === 'parts' ? store.get(key)?.answers ?? [] : [];
  const rest = before.filter(([name]) => !mine.some(([other]) => other === name));
  store.set(key, { at: Date.now(), answers: [...rest, ...mine], path: location.pathname, place, later: store.get(key)?.later });
}
function restore(form) {
  const draft = form.id && store.get(draftKey(form));
  if (!draft || form.querySelector('[aria-invalid], .summary-err')) return; // the server gave it back itself
  const before = JSON.stringify(answers(form));
  for (const [name, value] of draft.answers) {
    for (const e of typed(form).filter((it) => it.name === name)) {
      if (Array.isArray(value)) { if (e.value === value[0]) e.checked = value[1]; } else e.value = value;
    }
  }
  if (JSON.stringify(answers(form)) === before) return;
  const note = document.createElement('p');
  note.className = 'hint draft-note';
  note.setAttribute('role', 'status');
  const fresh = document.createElement('button');
  fresh.type = 'button';
  fresh.className = 'btn bare';
  fresh.textContent = words().fresh;
  fresh.addEventListener('click', () => { store.drop(draftKey(form)); form.reset(); note.remove(); typed(form)[0]?.focus(); });
  note.append(words().draft, ' ', fresh);
  form.prepend(note);
}
let typing;
document.addEventListener('input', (e) => {
  const form = e.target.form;
  if (!form?.matches('[data-draft]') || !form.id) return;
  clearTimeout(typing);
  typing = setTimeout(() => keep(form), 300);
});

// A form that was sent and answered by a redirect to a page of ours has been taken.
function settle() {
  const sent = sessionStorage.getItem('sent');
  sessionStorage.removeItem('sent');
  const trip = performance.getEntriesByType('navigation')[0];
  if (sent && trip?.redirectCount && trip.type !== 'back_forward' && !document.body.matches('.door-page')) store.drop(sent);
  for (const key of store.keys()) if (!(Date.now() - store.get(key)?.at < WEEK)) store.drop(key);
}
try { settle(); } catch { /* storage is forbidden here */ }

// ---- forms

document.addEventListener('submit', (e) => {
  const form = e.target;
  if (form.matches('[data-theme-form]')) return flip(e, form);
  form.setAttribute('aria-busy', 'true'); // shows; never stands in the way of sending again
  if (form.matches('[data-sign-out]')) return leave(e, form);
  if (!form.matches('[data-draft]') || !form.id) return;
  clearTimeout(typing);
  keep(form);
  try { sessionStorage.setItem('sent', draftKey(form)); } catch { /* the draft stays a week */ }
});
addEventListener('pageshow', () => { for (const form of document.querySelectorAll('form[aria-busy]')) form.removeAttribute('aria-busy'); });

// Before one signs out, what was never sent is offered: the page of signing out shows it.
function leave(e, form) {
  if (form.dataset.signOut !== 'forget' && store.keys().some((key) => store.get(key)?.path)) {
    e.preventDefault();
    location.assign(form.action);
  } else for (const key of store.keys()) store.drop(key);
}

// The theme turns at once; the server keeps it in a cookie.
const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
function flip(e, form) {
  e.preventDefault();
  const theme = isDark() ? 'light' : 'dark';
  form.elements.theme.value = theme;
  const body = new URLSearchParams(new FormData(form));
  root.dataset.theme = theme;
  showTheme(form);
  fetch(form.action, { method: 'POST', body, redirect: 'manual', keepalive: true }).catch(() => {});
}
function showTheme(form) {
  form.querySelector('button').setAttribute('aria-pressed', String(isDark()));
  form.elements.theme.value = isDark() ? 'light' : 'dark';
}

// ---- clicks and keys

document.addEventListener('click', async (e) => {
  e.target.closest('[data-dismiss]')?.closest('.toast')?.remove();
  if (e.target.closest('[data-print]')) print();
  const copy = e.target.closest('[data-copy]');
  if (!copy || copy.dataset.busy) return;
  const label = copy.querySelector('span'), was = label.textContent;
  copy.dataset.busy = '1';
  try {
    await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent.trim());
    label.textContent = words().copied;
  } catch {
    getSelection().selectAllChildren(document.getElementById(copy.dataset.copy));
    label.textContent = words().select;
  }
  setTimeout(() => { label.textContent = was; delete copy.dataset.busy; }, 2500);
});
document.addEventListener('keydown', (e) => {
  if (e.key === 'Escape') document.querySelector('.toasts .toast:last-child')?.remove();
  if (e.target.matches('input, textarea, select, [contenteditable]') || e.metaKey || e.ctrlKey || e.altKey) return;
  const search = e.key === '/' && document.querySelector('main [type=search]');
  if (!search) return;
  e.preventDefault();
  const fold = search.closest('details');
  if (fold) fold.open = true;
  search.focus();
});

// ---- htmx: an answer that isn't swapped in says why, and what was typed stays

const UNSWAPPED = { 400: 'stale', 401: 'stale', 403: 'stale', 404: 'gone', 410: 'gone', 413: 'large', 429: 'slow', 503: 'busy' };
document.addEventListener('htmx:after:request', (e) => {
  const { ctx } = e.detail, { status, raw } = ctx.response;
  const form = ctx.sourceElement.closest?.('form') ?? ctx.request.form;
  if (raw.redirected && new URL(raw.url).pathname.startsWith(`${root.dataset.base}accounts/`)) { e.preventDefault(); say(words().stale); return; }
  const isTaken = status < 400 && (form?.dataset.draft !== 'parts' || raw.headers.has('HX-Redirect'));
  if (isTaken && form?.matches('[data-draft]')) store.drop(draftKey(form));
  if (status < 500 && !UNSWAPPED[status] && status !== 405) return;
  e.preventDefault(); // neither swapped nor put into the history
  say(words()[UNSWAPPED[status] ?? 'broken']);
});
document.addEventListener('htmx:error', (e) => { if (e.detail.ctx && !byItself(e) && !sendsLater(e)) say(words().offline); });
// What looks again by itself rests while nobody can see it, and doesn't complain of a lost connection.
const byItself = (e) => e.detail.ctx?.sourceEvent?.type === 'every';
document.addEventListener('htmx:before:request', (e) => { if (document.hidden && byItself(e)) e.preventDefault(); });
document.addEventListener('htmx:finally:request', (e) => {
  for (const form of document.querySelectorAll('form[aria-busy]')) if (form.contains(e.target) || !e.target.isConnected) form.removeAttribute('aria-busy');
  try { sessionStorage.removeItem('sent'); } catch { /* forbidden */ }
});
document.addEventListener('htmx:after:process', (e) => { if (e.target !== document.body) ready(e.target); });

// What is sent by itself once there is a connection again: later.js comes where it is needed, and nowhere else.
const sendsLater = (e) => isLater && e.detail.ctx.sourceElement.closest?.('form[data-later]');
let isLater = false;
if (document.querySelector('form[data-later]') || store.keys().some((key) => store.get(key)?.later)) {
  import(document.querySelector('link[rel="manifest"]').dataset.later).then(() => { isLater = true; }).catch(() => {});
}

ready(document.body);
for (const form of document.querySelectorAll('[data-theme-form]')) showTheme(form);
