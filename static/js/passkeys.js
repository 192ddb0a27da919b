// Passkeys: makes one, signs in with one, asks for one again. Used by pages through attributes; see docs/look.md.
// A page that has this module includes "parts/passkeys.html", which brings the words along.

const words = () => document.getElementById('passkey-words')?.dataset ?? {};

// An address in numbers can have no passkeys, whatever the browser.
export const works = Boolean(window.PublicKeyCredential && navigator.credentials?.create) &&
  window.isSecureContext && !/^[\d.]+$|^\[/.test(location.hostname);

// ---- what the server says and hears is JSON; what the browser says and hears is bytes

function bytes(text) {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}
function text(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
function told({ publicKey }) {
  const options = { ...publicKey, challenge: bytes(publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ['allowCredentials', 'excludeCredentials']) {
    if (options[list]) options[list] = options[list].map((known) => ({ ...known, id: bytes(known.id) }));
  }
  return options;
}
function heard(credential) {
  const { response } = credential, said = {};
  for (const part of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[part]) said[part] = text(response[part]);
  }
  if (response.getTransports) said.transports = response.getTransports();
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: said,
  };
}

// Make a passkey on this device, from the server's `creation_options`; return what to send back.
export async function make(options) {
  const publicKey = told(options);
  // One that the device finds by itself, and that asks who is there: it can stand alone for a sign-in.
  publicKey.authenticatorSelection = {
    ...publicKey.authenticatorSelection, residentKey: 'required', requireResidentKey: true, userVerification: 'required',
  };
  return heard(await navigator.credentials.create({ publicKey }));
}

// Use a passkey, by the server's `request_options`; return what to send back.
export async function use(options) {
  return heard(await navigator.credentials.get({ publicKey: told(options) }));
}

// ---- forms: data-passkey="make" or "use"; the options stand on the page (data-options, an id) or are fetched

async function options(form) {
  const island = form.dataset.options && document.getElementById(form.dataset.options);
  if (island) return JSON.parse(island.textContent);
  const answer = await fetch(form.action, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
  if (answer.status === 429) throw new Said('slow');
  if (!answer.ok) throw new Said('broken');
  return answer.json();
}

class Said extends Error {}

// Browsers tell little on purpose: nobody is to learn from a page which passkeys a device holds.
function why(error, form) {
  if (error instanceof Said) return words()[error.message];
  if (error instanceof TypeError && form.dataset.options === undefined) return words().offline;
  const name = error?.name;
  if (name === 'InvalidStateError') return words()[form.dataset.passkey === 'make' ? 'known' : 'none'];
  if (name === 'NotAllowedError' || name === 'AbortError') return words()[form.dataset.passkey === 'make' ? 'cancelled' : 'none'];
  if (name === 'SecurityError') return words().elsewhere;
  if (name === 'NotSupportedError' || name === 'ConstraintError') return words().unable;
  return words().broken;
}

function say(form, sentence) {
  let box = form.querySelector('[data-passkey-said]');
  if (!box) {
    box = document.createElement('p');
    box.className = 'err';
    box.dataset.passkeySaid = '';
    box.setAttribute('role', 'alert');
    form.prepend(box);
  }
  box.hidden = !sentence;
  box.textContent = sentence ?? '';
}

async function ask(event) {
  const form = event.target;
  if (!form.matches('form[data-passkey]')) return;
  const field = form.querySelector('[name=credential]');
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.asking) return;
  form.dataset.asking = 'yes';
  say(form, '');
  try {
    const known = await options(form);
    const credential = form.dataset.passkey === 'make' ? await make(known.creation_options) : await use(known.request_options);
    field.value = JSON.stringify(credential);
    form.setAttribute('aria-busy', 'true');
    form.submit();
  } catch (error) {
    say(form, why(error, form));
  } finally {
    delete form.dataset.asking;
  }
}

if (works) {
  document.documentElement.dataset.passkeys = '';
  // Before anything else hears of it: nothing is sent until the device has answered.
  document.addEventListener('submit', ask, { capture: true });
  addEventListener('pageshow', () => { for (const form of document.querySelectorAll('form[data-passkey]')) form.querySelector('[name=credential]').value = ''; });
}
