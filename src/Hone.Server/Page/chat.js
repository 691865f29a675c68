// A conversation with a served model. Everything that a person or a model wrote is shown as text, never as HTML.
const at = id => document.getElementById(id);
let turns = [];
let running = null;
let key = sessionStorage.getItem('key');

async function call(path, options = {}, again = true) {
  const headers = { 'Content-Type': 'application/json', ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const response = await fetch(path, { ...options, headers });
  if (response.status === 401 && again && (key = prompt('This server asks for its key:'))) {
    sessionStorage.setItem('key', key);
    return call(path, options, false);
  }
  if (!response.ok) {
    const body = await response.json().catch(() => null);
    throw new Error(body?.error?.message ?? `the server answered ${response.status}`);
  }
  return response;
}

function fail(error) {
  at('error').hidden = !error;
  at('error').textContent = error ? String(error.message ?? error) : '';
}

function button(text, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', act);
  return made;
}

function part(kind, text) {
  const made = document.createElement('div');
  made.className = kind;
  made.textContent = text;
  return made;
}

function show() {
  at('turns').replaceChildren(...turns.map((turn, i) => {
    const item = document.createElement('li');
    item.className = turn.role;
    const does = part('does', '');
    if (!running) {
      if (turn.role === 'user') does.append(button('Edit', () => edit(i)));
      if (turn.role === 'assistant') does.append(button('Regenerate', () => { turns = turns.slice(0, i); answer(); }));
    }
    item.append(part('who', turn.role === 'user' ? 'You' : turn.model), part('said', turn.content), does);
    return item;
  }));
}

function edit(i) {
  at('text').value = turns[i].content;
  turns = turns.slice(0, i);
  show();
  at('text').focus();
}

function request() {
  const system = at('system').value.trim();
  const body = {
    model: at('model').value, stream: true, stream_options: { include_usage: true },
    messages: [...(system ? [{ role: 'system', content: system }] : []), ...turns.map(({ role, content }) => ({ role, content }))],
  };
  for (const name of ['temperature', 'top_p', 'max_tokens', 'seed'])
    if (at(name).value !== '') body[name] = Number(at(name).value);
  return body;
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    for (let end; (end = held.indexOf('\n\n')) >= 0; held = held.slice(end + 2)) {
      const data = held.slice('data: '.length, end);
      if (data === '[DONE]') return;
      yield JSON.parse(data);
    }
  }
}

function busy(now) {
  running = now;
  at('send').hidden = !!now;
  at('stop').hidden = !now;
  at('clear').disabled = !!now;
}

async function answer() {
  fail(null);
  const body = JSON.stringify(request());
  const turn = { role: 'assistant', model: at('model').value, content: '' };
  busy(new AbortController());
  turns.push(turn);
  show();
  const said = at('turns').lastChild.querySelector('.said');
  const start = performance.now();
  try {
    const response = await call('v1/chat/completions', { method: 'POST', body, signal: running.signal });
    for await (const event of events(response)) {
      if (event.error) throw new Error(event.error.message);
      turn.content += event.choices[0]?.delta.content ?? '';
      said.textContent = turn.content;
      if (event.usage) {
        const count = event.usage.completion_tokens;
        at('speed').textContent = `${count} tokens, ${(1000 * count / (performance.now() - start)).toFixed(1)} per second`;
      }
    }
  } catch (error) {
    if (error.name !== 'AbortError') fail(error);
    if (!turn.content) turns.pop();
  } finally {
    busy(null);
    show();
  }
}

at('ask').addEventListener('submit', event => {
  event.preventDefault();
  const content = at('text').value.trim();
  if (!content || running) return;
  turns.push({ role: 'user', content });
  at('text').value = '';
  answer();
});
at('text').addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at('ask').requestSubmit();
});
at('stop').addEventListener('click', () => running?.abort());
at('clear').addEventListener('click', () => { turns = []; fail(null); show(); at('text').focus(); });

try {
  const models = (await (await call('v1/models')).json()).data.filter(m => m.chat && m.kind === 'language');
  at('model').replaceChildren(...models.map(m => new Option(m.id)));
  if (!models.length) fail('No model that is served here can chat: none has a chat template.');
} catch (error) {
  fail(error);
}
