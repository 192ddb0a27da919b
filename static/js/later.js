// What was to be sent without a connection: it stays on this device, in this browser and for this member only, and
// is sent by itself once there is a connection again, or at the next page that is opened. Never twice: the server takes
// the same as nothing new, and what somebody else said meanwhile isn't written over.

const root = document.documentElement;
const who = root.dataset.who ?? '';
const words = document.getElementById('words').dataset;
const PREFIX = `draft:${who}:`;

function waiting() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => [key, JSON.parse(localStorage.getItem(key))])
    .filter(([, draft]) => draft?.later);
}
function say(sentence) {
  const toast = document.getElementById('toast').content.firstElementChild.cloneNode(true);
  toast.classList.remove('error');
  toast.dataset.timed = '';
  toast.querySelector('div').textContent = sentence;
  document.getElementById('toasts').append(toast);
}
function note(form, sentence) {
  let line = form.querySelector('.later-note');
  if (!line) {
    line = document.createElement('p');
    line.className = 'note later-note';
    line.setAttribute('role', 'status');
    form.append(line);
  }
  line.textContent = sentence;
}

// All that the form sends but the token of its page, which is another one by then.
function keep(form) {
  const key = PREFIX + form.id, draft = JSON.parse(localStorage.getItem(key) ?? '{}');
  const body = [...new FormData(form)].filter(([name]) => name !== 'csrfmiddlewaretoken');
  localStorage.setItem(key, JSON.stringify({ ...draft, at: Date.now(), later: { action: form.getAttribute('action'), body } }));
  note(form, words.later);
}

async function send(key, { later, path }) {
  const form = document.getElementById(key.slice(PREFIX.length));
  const body = new URLSearchParams(later.body);
  body.set('csrfmiddlewaretoken', document.querySelector('[name=csrfmiddlewaretoken]').value);
  const answer = await fetch(later.action, { method: 'POST', body, headers: { 'HX-Request': 'true' } });
  if (answer.redirected || answer.status === 403 || answer.status === 429 || answer.status >= 500) return; // signed out, or busy: later
  const still = JSON.parse(localStorage.getItem(key));
  if (answer.ok) {
    if (still?.later && JSON.stringify(still.later) === JSON.stringify(later)) localStorage.removeItem(key);
    const to = answer.headers.get('HX-Redirect');
    if (form && to) location.assign(to); else say(words.sentLater);
    return;
  }
  // It can't be taken as it is. What was typed stays for its person to look at.
  if (still) localStorage.setItem(key, JSON.stringify({ ...still, later: undefined }));
  if (form) location.reload(); else if (path) say(words.notLater);
}

async function flush() {
  try {
    for (const [key, draft] of waiting()) await send(key, draft);
  } catch { /* no connection still */ }
}
// Of several pages that are open, one sends.
const alone = () => (navigator.locks ? navigator.locks.request('later', flush) : flush());

document.addEventListener('htmx:error', (e) => {
  const form = e.detail.ctx?.sourceElement?.closest?.('form[data-later]');
  if (form) try { keep(form); } catch { /* storage is full or forbidden: app.js says that nothing went */ }
});
addEventListener('online', alone);
alone();
