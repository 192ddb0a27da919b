// On the page of signing out: what this person has typed on this device and never sent, each with the way back to it.

const card = document.getElementById('drafts');
const whose = card.dataset.whose.split(' ').filter(Boolean);
const found = [];
try {
  for (const key of Object.keys(localStorage)) {
    // What someone else left here is not shown; it goes when this person signs out.
    if (!whose.some((who) => key.startsWith(`draft:${who}:`))) continue;
    const draft = JSON.parse(localStorage.getItem(key));
    if (draft?.path?.startsWith('/')) found.push(draft);
  }
} catch { /* storage is forbidden here */ }

if (found.length) {
  const list = card.querySelector('ul'), line = card.querySelector('template').content;
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
  for (const draft of found.sort((one, other) => other.at - one.at)) {
    const entry = line.cloneNode(true);
    entry.querySelector('a').href = draft.path;
    entry.querySelector('b').textContent = draft.place || draft.path;
    entry.querySelector('small').textContent = day.format(draft.at);
    list.append(entry);
  }
  card.hidden = false;
  const label = document.querySelector('[data-forget]');
  label.textContent = label.dataset.forget;
}
