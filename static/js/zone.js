// Asks in which zone to show times, where the browser is in another one; without a script nobody is asked.
const line = document.getElementById('zone-line');
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (line && here?.includes('/') && here !== line.dataset.now) {
  line.querySelector('[name=zone]').value = here;
  line.querySelector('b').textContent = here.split('/').pop().replaceAll('_', ' ');
  line.hidden = false;
}
