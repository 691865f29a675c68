// Conversations with a served model. Everything that a person or a model wrote is shown as text or through markdown.js.
import { at, count, events, fail, json, make, sendByEnter } from './api.js';
import { markdown } from './markdown.js';
import { tokenView } from './tokens.js';
import * as talks from './conversations.js';

const sampling = ['temperature', 'top_p', 'top_k', 'min_p', 'max_tokens', 'seed'];
let rewards = [];
let running = null;
let talk = talks.find(location.hash.slice(1)) ?? talks.list()[0] ?? talks.begin();
const opened = new WeakSet(); // answers whose tokens are shown
let editing = -1;

const messages = turns => [
  ...(talk.system.trim() ? [{ role: 'system', content: talk.system.trim() }] : []),
  ...turns.map(({ role, content }) => ({ role, content })),
];

function show() {
  history.replaceState(null, '', talk.turns.length ? `#${talk.id}` : location.pathname);
  at('talks').replaceChildren(...talks.list().filter(t => t.turns.length || t === talk).map(entry));
  at('turns').replaceChildren(...talk.turns.map((turn, i) => turn.role === 'user' ? mine(turn, i) : answerOf(turn, i)));
  at('system').value = talk.system;
  at('send').hidden = !!running;
  at('stop').hidden = !running;
}

function entry(other) {
  const title = talks.titleOf(other);
  return make('li', { class: other === talk ? 'open' : '' },
    make('button', { type: 'button', class: 'talk', 'aria-current': other === talk && 'true', text: title, onclick: () => open(other) }),
    make('button', { type: 'button', class: 'drop', 'aria-label': `Delete ${title}`, text: '×', onclick: () => drop(other) }));
}

function mine(turn, i) {
  if (editing !== i) {
    return make('li', { class: 'user' }, make('div', { class: 'who', text: 'You' }), make('div', { class: 'said', text: turn.content }),
      make('div', { class: 'does' }, does('Edit', () => { editing = i; show(); document.querySelector('.edit textarea').focus(); })));
  }
  const text = make('textarea', { rows: 3, 'aria-label': 'Edited message' });
  text.value = turn.content;
  return make('li', { class: 'user edit' }, text, make('div', { class: 'does' },
    does('Send', () => { editing = -1; turn.content = text.value; talk.turns = talk.turns.slice(0, i + 1); answer(); }),
    does('Leave as it was', () => { editing = -1; show(); })));
}

function answerOf(turn, i) {
  const said = make('div', { class: 'said' });
  if (opened.has(turn) && turn.tokens?.length) said.append(tokenView(turn.model, messages(talk.turns.slice(0, i)), turn));
  else said.append(markdown(turn.content));
  const figures = [
    turn.count && count(turn.count, 'token') + (turn.speed ? `, ${turn.speed.toFixed(turn.speed < 100 ? 1 : 0)} per second` : ''),
    turn.end === 'length' && 'cut off at the token limit', turn.end === 'stopped' && 'stopped',
    ...Object.entries(turn.rewards ?? {}).map(([name, reward]) => `${name} ${reward.toFixed(3)}`),
  ].filter(Boolean).map(text => make('span', { class: 'figure', text }));
  const acts = running ? [] : [
    does('Regenerate', () => { talk.turns = talk.turns.slice(0, i); answer(); }),
    does('Copy', () => navigator.clipboard.writeText(turn.content)),
    ...(turn.tokens?.length ? [does('Tokens', () => { if (!opened.delete(turn)) opened.add(turn); show(); }, opened.has(turn))] : []),
  ];
  return make('li', { class: 'assistant' }, make('div', { class: 'who', text: turn.model }), said,
    make('div', { class: 'does' }, ...figures, ...acts));
}

function does(text, act, pressed) {
  return make('button', { type: 'button', class: 'plain', text, onclick: act, disabled: !!running && true,
    'aria-pressed': pressed === undefined ? null : String(pressed) });
}

function open(other) {
  running?.abort();
  talk = other;
  editing = -1;
  fail(null);
  show();
}

function drop(other) {
  talks.drop(other.id);
  if (other === talk) open(talks.list()[0] ?? talks.begin());
  else show();
}

// Draws an answer as it grows, at most once a frame.
function growing(turn) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      if (!running || talk.turns.at(-1) !== turn) return;
      const bottom = atBottom();
      const said = at('turns').lastChild?.querySelector('.said');
      said?.replaceChildren(markdown(turn.content));
      said?.classList.add('waiting');
      if (bottom) toBottom();
    });
  };
}

const atBottom = () => innerHeight + scrollY > document.documentElement.scrollHeight - 80;
const toBottom = () => scrollTo(0, document.documentElement.scrollHeight);

// Draws all anew; who looked at the end still does.
function showOn() {
  const bottom = atBottom();
  show();
  if (bottom) toBottom();
}

async function answer() {
  fail(null);
  const own = talk;
  const body = { model: at('model').value, messages: messages(own.turns), stream: true, stream_options: { include_usage: true },
    logprobs: true, return_token_ids: true };
  for (const name of sampling) if (at(name).value !== '') body[name] = Number(at(name).value);
  const turn = { role: 'assistant', model: body.model, content: '', tokens: [] };
  running = new AbortController();
  own.turns.push(turn);
  show();
  toBottom();
  const draw = growing(turn);
  draw();
  at('status').textContent = 'Answering';
  let saved = performance.now();
  let first = 0; // when the first token came: the wait for it is no matter of speed
  try {
    for await (const event of events('v1/chat/completions', body, running.signal)) {
      const choice = event.choices[0];
      if (event.usage) turn.count = event.usage.completion_tokens;
      if (!choice) continue;
      if (choice.delta.content) first ||= performance.now();
      turn.content += choice.delta.content ?? '';
      const ids = choice.token_ids ?? [];
      (choice.logprobs?.content ?? []).forEach((t, i) => turn.tokens.push([t.token, t.logprob, ids[i]]));
      if (choice.finish_reason) turn.end = choice.finish_reason;
      draw();
      if (performance.now() - saved > 1000) {
        talks.save(); // a reload in the middle keeps what has come
        saved = performance.now();
      }
    }
    if (turn.count > 1 && performance.now() > first) turn.speed = 1000 * (turn.count - 1) / (performance.now() - first);
  } catch (error) {
    if (error.name === 'AbortError') turn.end = 'stopped';
    else fail(error);
    if (!turn.content) own.turns.pop();
  }
  running = null;
  at('status').textContent = turn.end === 'stopped' ? 'Stopped' : 'The answer is complete';
  talks.save();
  showOn();
  if (turn.content) judge(own, turn);
}

async function judge(own, turn) {
  const before = own.turns.slice(0, own.turns.indexOf(turn) + 1);
  for (const model of rewards) {
    try {
      const scored = await json('v1/rewards', { model, messages: messages(before) });
      (turn.rewards ??= {})[model] = scored.data[0].reward;
    } catch (error) {
      fail(error);
    }
  }
  if (!rewards.length) return;
  talks.save();
  // This answer alone is drawn anew: what is being edited elsewhere stays.
  const i = own.turns.indexOf(turn);
  if (own === talk && !running && i >= 0) at('turns').children[i]?.replaceWith(answerOf(turn, i));
}

at('ask').addEventListener('submit', event => {
  event.preventDefault();
  const content = at('text').value.trim();
  if (!content || running) return;
  talk.turns.push({ role: 'user', content });
  at('text').value = '';
  answer();
});
sendByEnter();
at('stop').addEventListener('click', () => running?.abort());
at('new').addEventListener('click', () => { open(talks.begin(talk.system)); at('text').focus(); });
at('system').addEventListener('input', () => { talk.system = at('system').value; talks.save(); });
addEventListener('hashchange', () => { const other = talks.find(location.hash.slice(1)); if (other && other !== talk) open(other); });
for (const name of [...sampling, 'model']) {
  const kept = localStorage.getItem(`hone.${name}`);
  if (kept !== null) at(name).value = kept;
  at(name).addEventListener('change', () => localStorage.setItem(`hone.${name}`, at(name).value));
}
if (matchMedia('(min-width: 721px)').matches) at('side').open = true;

show();
try {
  const models = (await json('v1/models')).data;
  const chats = models.filter(m => m.chat && m.kind === 'language');
  rewards = models.filter(m => m.kind === 'reward').map(m => m.id);
  at('model').replaceChildren(...chats.map(m => new Option(m.id)));
  const kept = localStorage.getItem('hone.model');
  if (chats.some(m => m.id === kept)) at('model').value = kept;
  if (!chats.length) fail('No model that is served here can chat: none has a chat template.');
} catch (error) {
  fail(error);
}
