// Markdown as models write it, made into elements one by one. Whatever is no Markdown here, HTML above all, stays text.
import { make } from './api.js';

const deepest = 8;
const longest = 20000; // characters of a paragraph in which marks are looked for
const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const heading = /^ {0,3}(#{1,6})\s+(\S.*)$/; // no pattern here looks at a stretch of text in more ways than one: time stays linear
const rule = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const item = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const mark = new RegExp([
  /\\([\\`*_{}[\]()#+\-.!~|>])/, // 1: a character meant as itself
  /(`+)([^`]|[^`][\s\S]*?[^`])\2(?!`)/, // 2, 3: code
  /\*\*(?!\s)([\s\S]+?)\*\*/, // 4: strong
  /\*(?![\s*])([^*]+?)\*/, // 5: emphasis
  /(?<!\w)_(?!\s)([^_]+?)_(?!\w)/, // 6: emphasis
  /~~(?!\s)([\s\S]+?)~~/, // 7: struck out
  /\[([^\][]*)\]\(([^\s()]*)\)/, // 8, 9: a link
].map(part => part.source).join('|'));

export function markdown(text) {
  const parent = document.createDocumentFragment();
  blocks(text.split('\n'), parent, 0);
  return parent;
}

function inline(text, parent, depth) {
  while (text.length && text.length <= longest && depth < deepest) {
    const found = mark.exec(text);
    if (!found) break;
    parent.append(text.slice(0, found.index));
    const [, itself, , code, strong, star, low, struck, name, link] = found;
    const within = (element, inner) => { inline(inner, element, depth + 1); parent.append(element); };
    if (itself) parent.append(itself);
    else if (code !== undefined) parent.append(make('code', { text: code.trim() || code }));
    else if (strong) within(make('strong'), strong);
    else if (star || low) within(make('em'), star ?? low);
    else if (struck) within(make('s'), struck);
    else if (/^(https?:\/\/|mailto:)/i.test(link))
      within(make('a', { href: link, rel: 'noopener noreferrer', target: '_blank' }), name || link);
    else parent.append(found[0]);
    text = text.slice(found.index + found[0].length);
  }
  parent.append(text);
}

function code(language, lines) {
  const text = lines.join('\n');
  const copy = make('button', { type: 'button', class: 'plain', text: 'Copy', onclick: async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = 'Copied';
  } });
  return make('div', { class: 'code' }, make('header', {}, make('span', { text: language || 'code' }), copy),
    make('pre', { tabindex: 0 }, make('code', { text })));
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, '').split('|').map(cell => cell.trim());
}

function row(line, kind, width) {
  const made = make('tr');
  const texts = cells(line);
  for (let i = 0; i < width; i++) {
    const cell = make(kind);
    inline(texts[i] ?? '', cell, 0);
    made.append(cell);
  }
  return made;
}

// The line under a table's head.
const isRuled = line => line?.includes('-') && cells(line).every(cell => /^:?-+:?$/.test(cell));

// A heading without the signs that may close it.
function titleOf(text) {
  let end = text.trimEnd().length;
  while (text[end - 1] === '#') end--;
  return text.slice(0, end).trimEnd();
}

const starts = line => fence.test(line) || heading.test(line) || rule.test(line) || item.test(line) || /^ {0,3}>/.test(line);

function blocks(lines, parent, depth) {
  if (depth >= deepest) {
    parent.append(lines.join('\n'));
    return;
  }
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    const opened = fence.exec(line);
    if (!line.trim()) {
      i++;
    } else if (opened) {
      const begun = ++i;
      const closes = other => other.trim().startsWith(opened[1]) && !other.trim().slice(opened[1].length).replaceAll(opened[1][0], '');
      while (i < lines.length && !closes(lines[i])) i++;
      parent.append(code(opened[2], lines.slice(begun, i++)));
    } else if (heading.test(line)) {
      const [, signs, title] = heading.exec(line);
      const made = make(`h${Math.min(6, signs.length + 2)}`);
      inline(titleOf(title), made, 0);
      parent.append(made);
      i++;
    } else if (rule.test(line)) {
      parent.append(make('hr'));
      i++;
    } else if (/^ {0,3}>/.test(line)) {
      const begun = i;
      while (i < lines.length && /^ {0,3}>/.test(lines[i])) i++;
      const quote = make('blockquote');
      blocks(lines.slice(begun, i).map(l => l.replace(/^ {0,3}> ?/, '')), quote, depth + 1);
      parent.append(quote);
    } else if (item.test(line)) {
      i = list(lines, i, parent, depth);
    } else if (line.includes('|') && isRuled(lines[i + 1])) {
      const width = Math.min(64, cells(line).length);
      const body = make('tbody');
      const table = make('table', { tabindex: 0 }, make('thead', {}, row(line, 'th', width)), body);
      for (i += 2; i < lines.length && lines[i].includes('|'); i++) body.append(row(lines[i], 'td', width));
      parent.append(table);
    } else {
      const begun = i++;
      while (i < lines.length && lines[i].trim() && !starts(lines[i])) i++;
      const made = make('p');
      inline(lines.slice(begun, i).join('\n'), made, 0);
      parent.append(made);
    }
  }
}

// A list of items of one kind; what stands further in than an item's mark is the item's.
function list(lines, i, parent, depth) {
  const [, indent, first] = item.exec(lines[i]);
  const numbered = /\d/.test(first);
  const made = make(numbered ? 'ol' : 'ul', numbered && parseInt(first) !== 1 ? { start: parseInt(first) } : {});
  while (i < lines.length) {
    const found = item.exec(lines[i]);
    if (!found || found[1].length > indent.length + 1 || found[1].length < indent.length || /\d/.test(found[2]) !== numbered) break;
    const inner = [found[3]];
    for (i++; i < lines.length; i++) {
      const deep = /^\s*/.exec(lines[i])[0].length;
      if (lines[i].trim() ? deep <= indent.length && starts(lines[i]) : !/^\s{2,}\S/.test(lines[i + 1] ?? '')) break;
      inner.push(lines[i].slice(Math.min(deep, indent.length + 2)));
    }
    const element = make('li');
    if (inner.length === 1) inline(inner[0], element, 0);
    else blocks(inner, element, depth + 1);
    made.append(element);
    while (i < lines.length && !lines[i].trim() && item.test(lines[i + 1] ?? '')) i++;
  }
  parent.append(made);
  return i;
}
