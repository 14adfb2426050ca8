// Prints unicode_classes.inc as the tokenizer itself sees it: every code point is shown to the
// patterns of the tiktoken package, so that the table is of the Unicode version it was built with.
//   node unicode_classes.mjs FOLDER/node_modules > unicode_classes.inc
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.argv[2], 'x.js'));
const { Tiktoken } = require('tiktoken');
const { bpe_ranks } = require('tiktoken/encoders/cl100k_base.json');

const classes = { letter: '\\p{L}', number: '\\p{N}', space: '\\s' };
const matchers = Object.entries(classes).map(([name, pattern]) => [name, new Tiktoken(bpe_ranks, {}, pattern)]);
const classOf = (point) => {
  if (point >= 0xd800 && point < 0xe000) return undefined;  // no character
  const text = String.fromCodePoint(point);
  return matchers.find(([, matcher]) => matcher.encode(text).length > 0)?.[0];
};

const lines = [];
let first = 0x80;
for (let point = first; point <= 0x110000; ++point) {
  const now = point < 0x110000 ? classOf(point) : null;
  const before = classOf(first);
  if (now === before) continue;
  if (before) lines.push(`{0x${first.toString(16)}, 0x${(point - 1).toString(16)}, CharClass::${before}},`);
  first = point;
}
console.log('// Made by unicode_classes.mjs: first and last code point beyond ASCII, class.');
console.log(lines.join('\n'));
