// On the offline page: whether something that was typed waits here, and a way back.

try { sessionStorage.removeItem('sent'); } catch { /* storage is forbidden here */ }
try {
  const typed = Object.keys(localStorage).some((key) => key.startsWith('draft:'));
  document.querySelector('[data-typed]').hidden = !typed;
} catch { /* storage is forbidden here */ }
const back = document.querySelector('[data-back]');
if (history.length > 1) back.hidden = false;
back.addEventListener('click', () => history.back());
