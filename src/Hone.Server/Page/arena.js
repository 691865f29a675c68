// Two unnamed answers to one prompt, and a vote. The names are told by the server, after the vote.
import { at, events, fail, json, sendByEnter } from './api.js';
import { markdown } from './markdown.js';

let running = null;
let battle = null;

function busy(now) {
  running = now;
  at('send').hidden = !!now;
  at('stop').hidden = !now;
}

function votable(now) {
  for (const button of at('choices').children) button.disabled = !now;
}

function body() {
  const [system, prompt] = [at('system').value.trim(), at('text').value.trim()];
  const asked = { messages: [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: prompt }] };
  for (const name of ['temperature', 'top_p', 'max_tokens']) if (at(name).value !== '') asked[name] = Number(at(name).value);
  return asked;
}

async function ask() {
  fail(null);
  votable(false);
  battle = null;
  at('battle').hidden = false;
  const texts = { left: '', right: '' };
  for (const side of ['left', 'right']) {
    at(side).classList.remove('won');
    at(side).querySelector('h3').textContent = side === 'left' ? 'Left' : 'Right';
    at(side).querySelector('.said').replaceChildren();
  }
  busy(new AbortController());
  at('status').textContent = 'Both answer';
  try {
    for await (const event of events('arena/battles', body(), running.signal)) {
      if (event.side) {
        texts[event.side] += event.text ?? '';
        at(event.side).querySelector('.said').replaceChildren(markdown(texts[event.side]));
      }
      if (event.battle) battle = event.battle;
    }
    at('status').textContent = battle ? 'Vote: keys 1 to 4 do it, too' : '';
    at('battle').focus({ preventScroll: true }); // so that the keys are no text
  } catch (error) {
    at('status').textContent = error.name === 'AbortError' ? 'Stopped: there is nothing to vote on' : '';
    if (error.name !== 'AbortError') fail(error);
  }
  busy(null);
  votable(!!battle);
}

async function vote(choice) {
  if (!battle) return;
  const own = battle;
  battle = null;
  votable(false);
  try {
    const told = await json('arena/votes', { battle: own, vote: choice });
    for (const side of ['left', 'right']) {
      at(side).querySelector('h3').textContent = told[side];
      at(side).classList.toggle('won', choice === side);
    }
    at('status').textContent = `Kept: ${told.votes} votes, ${told.pairs} of them preferences`;
    at('text').focus();
    at('text').select();
  } catch (error) {
    fail(error);
  }
}

at('ask').addEventListener('submit', event => {
  event.preventDefault();
  if (at('text').value.trim() && !running) ask();
});
sendByEnter();
at('stop').addEventListener('click', () => running?.abort());
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
