// Writes expected.jsonl: what Hugging Face's own tokenizers (Rust, 0.22.2) make of each text of tokenizers.json, and of ids to decode.
// Run: npm install --prefix FOLDER @anush008/tokenizers@0.6.0 && node expected.mjs FOLDER
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const here = new URL('.', import.meta.url);
const { Tokenizer } = createRequire(`${process.argv[2]}/`)('@anush008/tokenizers');
const { vocabularies, texts, tokenizers, decodes } = JSON.parse(readFileSync(new URL('tokenizers.json', here), 'utf8'));
const rows = [];
for (const [name, { base, added = [], normalizer = null, model, ...parts }] of Object.entries(tokenizers)) {
  const { tokens, merges } = vocabularies[base];
  const file = {
    version: '1.0', truncation: null, padding: null, added_tokens: added, normalizer, ...parts,
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges, ...model },
  };
  const tokenizer = Tokenizer.fromString(JSON.stringify(file));
  for (const text of texts) {
    const encoding = await tokenizer.encode(text, null, { addSpecialTokens: true });
    const ids = [...encoding.getIds()];
    rows.push({ tokenizer: name, text, ids, offsets: encoding.getOffsets().flat(), decoded: await tokenizer.decode(ids, false) });
  }
  for (const ids of decodes[name] ?? []) rows.push({ tokenizer: name, ids, decoded: await tokenizer.decode(ids, false) });
}
writeFileSync(new URL('expected.jsonl', here), rows.map((row) => JSON.stringify(row) + '\n').join(''));
