// Lets a phone keep this among its apps; without it all works as before.

const worker = document.querySelector('link[rel="manifest"]')?.dataset.worker;
if (worker && navigator.serviceWorker) {
  navigator.serviceWorker.register(worker, { updateViaCache: 'all' })
    .then(() => navigator.serviceWorker.ready)
    .then((registration) => registration.active?.postMessage('fill'))
    .catch(() => {}); // forbidden here
}

// Whoever signs out leaves nothing behind, not even files that everybody has.
document.addEventListener('submit', (e) => {
  if (!e.target.matches('[data-sign-out]') || !globalThis.caches) return;
  caches.keys().then((names) => { for (const name of names) caches.delete(name); }).catch(() => {});
});
