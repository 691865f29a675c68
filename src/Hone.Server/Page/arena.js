// Two unnamed answers to one prompt, and a vote. The names are told by the server, after the vote. Then the conversation goes on from
// the answer that was preferred; each turn is a vote of its own, between models and on sides that are drawn anew.
import { at, count, events, fail, json, make, sendByEnter } from './api.js';
import { markdown } from './markdown.js';

const sides = ['left', 'right'];
let running = null;
let turns = []; // what is settled: prompts, each with the answer that the conversation goes on from
let prompt = null; // what is being answered, or was last
let battle = null; // the answers to it, once they wait for a vote: what they are named by, and their texts
let kept = null; // the one of them that stays, once it was voted on

function busy(now) {
  running = now;
  at('send').hidden = !!now;
  at('stop').hidden = !now;
}

function votable(now) {
  for (const button of at('choices').children) button.disabled = !now;
}

function body() {
  const system = at('system').value.trim();
  const read = [...turns, prompt].map(({ role, content }) => ({ role, content }));
  const asked = { messages: [...(system ? [{ role: 'system', content: system }] : []), ...read] };
  for (const name of ['temperature', 'top_p', 'max_tokens']) if (at(name).value !== '') asked[name] = Number(at(name).value);
  return asked;
}

function turn({ role, content, model }) {
  const said = make('div', { class: 'said' });
  said.append(role === 'user' ? content : markdown(content));
  return make('li', { class: role }, make('div', { class: 'who', text: model ?? 'You' }), said);
}

function show() {
  at('turns').replaceChildren(...[...turns, ...(prompt ? [prompt] : [])].map(turn));
  at('text').placeholder = kept ? 'Go on with this conversation; Enter sends' : 'A prompt for both; Enter sends';
}

function clear() {
  votable(false);
  at('choices').hidden = false;
  at('battle').hidden = true;
  for (const side of sides) {
    at(side).classList.remove('won');
    at(side).querySelector('h3').textContent = side === 'left' ? 'Left' : 'Right';
    at(side).querySelector('.said').replaceChildren();
  }
}

async function ask(content) {
  fail(null);
  if (kept) turns = [...turns, prompt, kept];
  [prompt, battle, kept] = [{ role: 'user', content }, null, null]; // what was not voted on gives way
  at('text').value = '';
  clear();
  show();
  at('battle').hidden = false;
  const own = new AbortController();
  busy(own);
  at('status').textContent = 'Both answer';
  const texts = { left: '', right: '' };
  let id = null;
  try {
    for await (const event of events('arena/battles', body(), own.signal)) {
      if (event.side) {
        texts[event.side] += event.text ?? '';
        at(event.side).querySelector('.said').replaceChildren(markdown(texts[event.side]));
      }
      if (event.battle) id = event.battle;
    }
    at('status').textContent = id ? 'Vote: keys 1 to 4 do it, too' : '';
  } catch (error) {
    if (running !== own) return; // another conversation was begun meanwhile
    at('status').textContent = error.name === 'AbortError' ? 'Stopped: there is nothing to vote on' : '';
    if (error.name !== 'AbortError') fail(error);
  }
  busy(null);
  if (id) {
    battle = { id, texts };
    votable(true);
    at('choices').scrollIntoView({ block: 'nearest' });
    at('battle').focus({ preventScroll: true }); // so that the keys are no text
  } else {
    at('text').value ||= content; // it can be sent once more
    at('battle').hidden = !texts.left && !texts.right;
  }
}

// The preferred answer; of two that are alike the left one, which is either model's by chance, unless it is empty.
function stays(choice, texts) {
  const preferred = sides.includes(choice) ? choice : 'left';
  return texts[preferred].trim() ? preferred : sides.find(side => texts[side].trim());
}

async function vote(choice) {
  if (!battle || kept) return;
  const { id, texts } = battle;
  votable(false);
  try {
    const told = await json('arena/votes', { battle: id, vote: choice });
    for (const side of sides) {
      at(side).querySelector('h3').textContent = told[side] + (choice === side ? ' – preferred' : '');
      at(side).classList.toggle('won', choice === side);
    }
    battle = null;
    at('choices').hidden = true;
    const side = stays(choice, texts);
    if (side) kept = { role: 'assistant', content: texts[side], model: told[side] };
    const goesOn = side ? `; the conversation goes on from the ${side} answer` : '';
    at('status').textContent = `${count(told.votes, 'vote')} so far, ${count(told.pairs, 'preference')} among them${goesOn}`;
    show();
    at('text').focus();
  } catch (error) {
    votable(true);
    fail(error);
  }
}

function begin() {
  running?.abort();
  busy(null);
  [turns, prompt, battle, kept] = [[], null, null, null];
  fail(null);
  clear();
  show();
  at('status').textContent = '';
}

at('ask').addEventListener('submit', event => {
  event.preventDefault();
  const content = at('text').value.trim();
  if (content && !running) ask(content);
});
sendByEnter();
at('stop').addEventListener('click', () => running?.abort());
at('new').addEventListener('click', () => { begin(); at('text').focus(); });
at('choices').addEventListener('click', event => { if (event.target.dataset.vote) vote(event.target.dataset.vote); });
addEventListener('keydown', event => {
  if (event.target.matches('input, textarea, select') || event.ctrlKey || event.metaKey || event.altKey) return;
  const button = at('choices').children[Number(event.key) - 1];
  if (button && !button.disabled) button.click();
});

try {
  const state = await json('arena/table');
  if (state.candidates < 2) fail('The arena needs two language models with chat templates: hone serve A B --votes FILE.');
} catch (error) {
  fail(error);
}
