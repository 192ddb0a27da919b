// Keeps files of ours whose names carry a hash, and one page that says one is offline. It never keeps a
// page, nor anything that was asked for with a cookie.

const { release, offline, files, beneath } = {{ facts|safe }};
const NAME = `static-${release}`;
const HASHED = /\.[0-9a-f]{12}\.[a-z0-9]+$/;

async function get(url) {
  const answer = await fetch(url, { credentials: 'omit' });
  if (!answer.ok || answer.redirected || answer.type !== 'basic') throw new TypeError(url);
  return answer;
}

async function fill() {
  const kept = await caches.open(NAME);
  await Promise.all([offline, ...files].map(async (url) => {
    if (!(await kept.match(url))) await kept.put(url, await get(url));
  }));
}

async function file(request) {
  const kept = await caches.open(NAME);
  const found = await kept.match(request.url);
  if (found) return found;
  try {
    const answer = await get(request.url);
    await kept.put(request.url, answer.clone()).catch(() => {}); // the device is full
    return answer;
  } catch {
    return fetch(request);
  }
}

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(offline)) ?? Response.error();
  }
}

self.addEventListener('install', (e) => e.waitUntil(fill().then(() => self.skipWaiting())));

self.addEventListener('activate', (e) => e.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
  await self.clients.claim();
})()));

// After signing out nothing is left; whoever opens a page again has the offline page again.
self.addEventListener('message', (e) => { if (e.data === 'fill') e.waitUntil(fill().catch(() => {})); });

self.addEventListener('fetch', (e) => {
  const { request } = e;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') e.respondWith(page(request));
  else if (request.method === 'GET' && url.pathname.startsWith(beneath) && HASHED.test(url.pathname)) e.respondWith(file(request));
});
