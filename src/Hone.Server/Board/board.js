// Keeps a page of the board as the server would draw it now. What is shown stands in the address, so a reload changes nothing.
const every = 2000;
const version = () => document.querySelector('meta[name=version]');
const fresh = document.getElementById('fresh');
const containers = new Set(['DIV', 'SECTION', 'FORM', 'FIGURE', 'TABLE', 'TBODY']);

// Puts in place only what has changed: what one reads, has scrolled or is typing stays as it is.
function renew(old, now) {
  if (old.isEqualNode(now)) return;
  const alike = old.cloneNode(false).isEqualNode(now.cloneNode(false)) && old.children.length === now.children.length;
  if (!alike || !old.children.length || !containers.has(old.nodeName)) {
    old.replaceWith(now);
    return;
  }
  const parts = [...now.children];
  [...old.children].forEach((child, i) => renew(child, parts[i]));
}

async function look() {
  const address = location.href;
  const asked = await fetch(address, { headers: { 'If-None-Match': `"${version().content}"` }, cache: 'no-store' });
  if (asked.status === 304) return;
  const page = new DOMParser().parseFromString(await asked.text(), 'text/html');
  const [live, newer] = [document.getElementById('live'), page.getElementById('live')];
  if (!newer || location.href !== address) return;
  const focused = document.activeElement?.name;
  const name = box => `${box.name}=${box.value}`;
  const chosen = new Set([...live.querySelectorAll('input[type=checkbox]:checked')].map(name));
  renew(live, document.adoptNode(newer));
  for (const box of document.querySelectorAll('#live input[type=checkbox]')) box.checked = chosen.has(name(box));
  if (focused && !document.activeElement?.name) document.getElementsByName(focused)[0]?.focus();
  version().content = page.querySelector('meta[name=version]').content;
}

// Another choice is another address, shown in place of this one.
function show(address) {
  if (address) history.pushState(null, '', address);
  version().content = '';
  look().catch(() => location.reload());
}

async function watch() {
  const begun = performance.now();
  try {
    if (!document.hidden) await look();
    fresh.textContent = 'live';
    fresh.className = '';
  } catch {
    fresh.textContent = 'the board has ended: hone board shows it again';
    fresh.className = 'gone';
  }
  // A page that takes long to draw is asked for less often.
  setTimeout(watch, Math.max(every, 5 * (performance.now() - begun)));
}

document.addEventListener('change', event => {
  if (event.target.matches('#choices select')) event.target.form.requestSubmit();
});
document.addEventListener('submit', event => {
  if (event.target.id !== 'choices') return;
  event.preventDefault();
  const chosen = new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value !== ''));
  show(`${location.pathname}?${chosen}`);
});
addEventListener('popstate', () => show());

// The value under the pointer, of the nearest point of the chart that it is over.
const tip = document.createElement('div');
tip.id = 'tip';
tip.hidden = true;
document.body.append(tip);

function point(event) {
  const chart = event.target.closest?.('figure svg');
  let nearest = null;
  let least = 48;
  for (const mark of chart ? chart.querySelectorAll('circle') : []) {
    if (!mark.firstElementChild) continue;
    const box = mark.getBoundingClientRect();
    const far = Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
    if (far < least) [nearest, least] = [mark, far];
  }
  chart?.querySelector('.near')?.classList.remove('near');
  tip.hidden = !nearest;
  if (!nearest) return;
  nearest.classList.add('near');
  tip.textContent = nearest.firstElementChild.textContent;
  const box = nearest.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(box.x + 12, innerWidth - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.max(4, box.y - tip.offsetHeight - 6)}px`;
}
document.addEventListener('pointermove', point);
document.addEventListener('pointerdown', point);

setTimeout(watch, every);
