// An answer token by token: how likely each was, and what else might have stood in its place.
import { json, make } from './api.js';

const percent = p => p >= 0.9995 ? '100%' : p >= 0.001 ? `${(100 * p).toFixed(p < 0.1 ? 2 : 1)}%` : p > 0 ? '< 0.1%' : '0%';
const shown = text => text.replaceAll('\n', '↵').replaceAll('\t', '⇥').replace(/^ | $/g, '·') || '∅';

// The likeliest tokens in each place, computed when they are first asked for.
async function alternatives(model, before, turn) {
  const prompt = (await json('tokenize', { model, messages: before })).tokens;
  const ids = turn.tokens.map(t => t[2]);
  const scored = await json('v1/completions', { model, prompt: [...prompt, ...ids], echo: true, max_tokens: 0, logprobs: 5 });
  return scored.choices[0].logprobs.top_logprobs.slice(prompt.length);
}

export function tokenView(model, before, turn) {
  const detail = make('div', { class: 'alternatives', 'aria-live': 'polite' },
    make('span', { class: 'note', text: 'Point at a token, or go through them with the arrow keys.' }));
  let tops = null;
  let at = -1;
  const spans = turn.tokens.map(([text, logProb], i) => {
    const span = make('span', { text, onpointerenter: () => show(i), onclick: () => show(i) });
    span.style.setProperty('--p', Math.exp(logProb).toFixed(4));
    return span;
  });
  const line = make('div', { class: 'tokens', tabindex: 0, role: 'group', 'aria-label': 'Tokens of the answer', onkeydown: event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(Math.max(0, Math.min(spans.length - 1, at + step)));
  } }, ...spans);

  function option(text, p, chosen) {
    const bar = make('i');
    bar.style.setProperty('--p', p);
    return make('div', chosen ? { class: 'chosen' } : {}, make('code', { text: shown(text) }), make('span', { text: percent(p) }), bar);
  }

  function show(i) {
    spans[at]?.classList.remove('at');
    spans[at = i].classList.add('at');
    const [text, logProb] = turn.tokens[i];
    const others = Object.entries(tops?.[i] ?? {}).filter(([other]) => other !== text).slice(0, 4);
    detail.replaceChildren(option(text, Math.exp(logProb), true), ...others.map(([other, l]) => option(other, Math.exp(l), false)));
  }

  alternatives(model, before, turn).then(found => {
    tops = found;
    if (at >= 0) show(at);
  }, error => detail.replaceChildren(make('span', { class: 'note', text: `No alternatives: ${error.message}` })));
  return make('div', {}, line, detail);
}
