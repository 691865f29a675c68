// Asking the server that the page came from; its key, where it has one, is kept as long as the tab is open.
let key = sessionStorage.getItem('key');

export async function call(path, body, signal, again = true) {
  const headers = { ...(body ? { 'Content-Type': 'application/json' } : {}), ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const response = await fetch(path, { method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), headers, signal });
  if (response.status === 401 && again && (key = prompt('This server asks for its key:'))) {
    sessionStorage.setItem('key', key);
    return call(path, body, signal, false);
  }
  if (!response.ok) {
    const refused = await response.json().catch(() => null);
    throw new Error(refused?.error?.message ?? `the server answered ${response.status}`);
  }
  return response;
}

export const json = async (path, body, signal) => (await call(path, body, signal)).json();

// The objects of a stream of server-sent events, as they come.
export async function* events(path, body, signal) {
  const reader = (await call(path, body, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let held = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    for (let end; (end = held.indexOf('\n\n')) >= 0; held = held.slice(end + 2)) {
      const data = held.slice('data: '.length, end);
      if (data === '[DONE]') return;
      const event = JSON.parse(data);
      if (event.error) throw new Error(event.error.message);
      yield event;
    }
  }
}

// Elements, made from text alone: nothing that a model or a person wrote can become markup.
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith('on')) made.addEventListener(attribute.slice(2), value);
    else if (attribute === 'text') made.textContent = value;
    else if (value === true) made.setAttribute(attribute, '');
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

export const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;

export const at = id => document.getElementById(id);

// Enter sends what is written, Shift+Enter begins a new line.
export function sendByEnter() {
  at('text').addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    at('ask').requestSubmit();
  });
}

export function fail(error) {
  at('error').hidden = !error;
  at('error').textContent = error ? String(error.message ?? error) : '';
}
