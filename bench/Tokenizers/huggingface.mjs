// One round of Hugging Face's JavaScript tokenizers over files of documents: prints seconds and token count of each file.
// Arguments: the folder that holds node_modules, tokenizer.json, tokenizer_config.json, then the files (JSON lists of strings).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [packages, tokenizer, config, ...files] = process.argv.slice(2);
const { Tokenizer } = createRequire(`${packages}/`)('@huggingface/tokenizers');
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const begun = performance.now();
const model = new Tokenizer(read(tokenizer), read(config));
console.log(JSON.stringify({ load: (performance.now() - begun) / 1000 }));
for (const file of files) {
  const documents = read(file);
  for (const text of documents) model.encode(text, { add_special_tokens: false }); // warm-up, as for the others
  const start = performance.now();
  let tokens = 0;
  for (const text of documents) tokens += model.encode(text, { add_special_tokens: false }).ids.length;
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, tokens }));
}
