// The votes' table, renewed while it is looked at.
import { at, count, fail, json, make } from './api.js';

const percent = value => value === null ? '–' : value.toFixed(1);

// A scale from 0 to 100% with the interval and the chance on it.
function draw(row) {
  const picture = at('scale').content.firstElementChild.cloneNode(true);
  const [interval, chance] = picture.querySelectorAll('.bar');
  const place = (line, from, to) => {
    if (from === null) line.remove();
    else for (const [name, value] of [['x1', from], ['x2', to]]) line.setAttribute(name, value);
  };
  place(interval, row.low, row.high);
  place(chance, row.chance, row.chance);
  return picture;
}

async function look() {
  try {
    const state = await json('arena/table');
    fail(state.problem ?? null);
    at('summary').textContent = `${count(state.votes, 'vote')}, ${count(state.pairs, 'preference')} among them, in ${state.file}`;
    at('next').hidden = !state.pairs;
    at('next').lastElementChild.textContent = `hone dpo --model MODEL --data ${state.file} --output models/team`;
    if (state.baseline) at('against').textContent = `beats ${state.baseline}, %`;
    at('none').hidden = state.votes > 0;
    for (const part of ['table', 'summary', 'how']) at(part).hidden = !state.votes;
    at('rows').replaceChildren(...state.models.map(row => make('tr', {}, make('th', { scope: 'row', text: row.model }),
      make('td', { text: percent(row.chance) }),
      make('td', { text: row.low === null ? '–' : `${percent(row.low)} to ${percent(row.high)}` }), make('td', {}, draw(row)),
      ...[row.won, row.tied, row.both_bad, row.lost].map(count => make('td', { text: count })))));
  } catch (error) {
    fail(error);
  }
}

for (;;) {
  if (!document.hidden) await look();
  await new Promise(done => setTimeout(done, 3000)); // a look that takes long is not asked for twice
}
