// What OpenAI's and Ollama's own clients for JavaScript must be able to do. Usage: node contract.mjs http://127.0.0.1:PORT MODEL
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { Ollama } from 'ollama';

const [address, model] = process.argv.slice(2);
const openai = new OpenAI({ baseURL: `${address}/v1`, apiKey: 'none', maxRetries: 0 });
const messages = [{ role: 'user', content: 'hello' }];

async function check(name, body) {
  await body();
  console.log(`ok ${name}`);
}

await check('models', async () => {
  const ids = [];
  for await (const m of openai.models.list()) ids.push(m.id);
  assert.ok(ids.includes(model));
});

await check('plain and streaming', async () => {
  const asked = { model, messages, max_tokens: 20, temperature: 0 };
  const whole = await openai.chat.completions.create(asked);
  let text = '', last;
  const stream = await openai.chat.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    last = chunk;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.deepEqual(last.usage, whole.usage);
});

await check('n > 1 and log-probabilities', async () => {
  const answer = await openai.chat.completions.create(
    { model, messages, max_tokens: 8, n: 3, seed: 1, logprobs: true, top_logprobs: 2 });
  assert.deepEqual(answer.choices.map(c => c.index), [0, 1, 2]);
  for (const choice of answer.choices)
    for (const token of choice.logprobs.content) assert.equal(token.top_logprobs.length, 2);
});

await check('stop', async () => {
  const asked = { model, prompt: 'my garden', max_tokens: 30, temperature: 0 };
  const all = (await openai.completions.create(asked)).choices[0].text;
  const stop = all.slice(4, 7);
  const cut = (await openai.completions.create({ ...asked, stop: [stop] })).choices[0];
  assert.equal(cut.finish_reason, 'stop');
  assert.equal(cut.text, all.slice(0, all.indexOf(stop)));
});

await check('tools', async () => {
  const tools = [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters: { type: 'object', properties: {} } } }];
  const answer = await openai.chat.completions.create({ model, messages, max_tokens: 4, tools, tool_choice: 'auto' });
  assert.equal(answer.choices.length, 1);
});

await check('errors', async () => {
  await assert.rejects(openai.chat.completions.create({ model: 'none', messages }), OpenAI.NotFoundError);
  await assert.rejects(openai.chat.completions.create({ model, messages: [] }), OpenAI.BadRequestError);
  await assert.rejects(openai.embeddings.create({ model, input: 'a' }), OpenAI.BadRequestError);
});

await check('cancellation', async () => {
  const stream = await openai.chat.completions.create({ model, messages, max_tokens: 200, stream: true });
  for await (const _ of stream) {
    stream.controller.abort();
    break;
  }
  const deadline = Date.now() + 2000;
  const running = async () => /^hone_requests_running [1-9]/m.test(await (await fetch(`${address}/metrics`)).text());
  while (await running()) assert.ok(Date.now() < deadline, 'the request goes on');
});

const ollama = new Ollama({ host: address });

await check('ollama list', async () => {
  assert.ok((await ollama.list()).models.some(m => m.name === model));
});

await check('ollama chat and generate', async () => {
  const options = { temperature: 0, num_predict: 12 };
  const whole = await ollama.chat({ model, messages, options });
  let text = '';
  for await (const part of await ollama.chat({ model, messages, options, stream: true })) text += part.message.content;
  assert.equal(text, whole.message.content);
  const generated = await ollama.generate({ model, prompt: 'hello', options });
  assert.equal(generated.response, whole.message.content);
  assert.ok(generated.eval_count > 0);
});

await check('ollama errors', async () => {
  await assert.rejects(ollama.chat({ model: 'none', messages }), /does not exist/);
});
