// Conversations, kept in this browser alone. Where its room is full, tokens go first and then the oldest conversations.
const name = 'hone.conversations';
let all = read();

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(name));
    return Array.isArray(kept) ? kept.filter(c => c && typeof c.id === 'string' && Array.isArray(c.turns)) : [];
  } catch {
    return [];
  }
}

export const list = () => all;

export const find = id => all.find(c => c.id === id);

export function begin(system = '') {
  const made = { id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), system, turns: [] };
  all = [made, ...all.filter(c => c.turns.length)];
  return made;
}

export function drop(id) {
  all = all.filter(c => c.id !== id);
  save();
}

export function titleOf(conversation) {
  const first = conversation.turns.find(t => t.role === 'user')?.content ?? '';
  return first.trim().split('\n')[0].slice(0, 80) || 'New conversation';
}

export function save() {
  let kept = all.filter(c => c.turns.length);
  for (;;) {
    try {
      localStorage.setItem(name, JSON.stringify(kept));
      return;
    } catch {
      const heavy = kept.findLast(c => c.turns.some(t => t.tokens));
      if (heavy) for (const turn of heavy.turns) delete turn.tokens;
      else if (kept.length > 1) kept = kept.slice(0, -1);
      else return;
    }
  }
}

// Another tab of this page has written: what it knows is taken over.
addEventListener('storage', event => {
  if (event.key === name) all = read();
});
