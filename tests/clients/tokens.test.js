// Our tokenizer against the official one, token for token.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { naughtyStrings, random, randomText, scripts, treeTexts } from './corpus.js';

const require = createRequire(import.meta.url);
const { Tiktoken } = require('tiktoken');
const cl100k = require('tiktoken/encoders/cl100k_base.json');
const official = new Tiktoken(cl100k.bpe_ranks, {}, cl100k.pat_str);
const program = join(process.env.TOLLGATE_BUILD_DIR, 'tests/clients/encode-tokens');

function ours(texts) {
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('');
  const run = spawnSync(program, { input, maxBuffer: 1 << 30, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const lines = run.stdout.split('\n').slice(0, -1);
  assert.equal(lines.length, texts.length);
  return lines.map((line) => (line === '' ? [] : line.split(' ').map(Number)));
}

function agree(texts) {
  assert.ok(texts.length > 0);
  const tokens = ours(texts);
  texts.forEach((text, i) => {
    const wanted = [...official.encode(text, [], [])];
    // Comparing texts is far quicker than comparing arrays where they are equal.
    if (tokens[i].join() === wanted.join()) return;
    assert.deepEqual(tokens[i], wanted, JSON.stringify(text.slice(0, 400)));
  });
}

test('texts in many scripts', () => agree(Object.values(scripts)));

test('every pair of scripts, joined', () => {
  const all = Object.values(scripts);
  agree(all.flatMap((a) => all.map((b) => a + b)));
});

test('prose, code and configuration, whole files', () => agree(treeTexts()));

test('the naughty strings', (t) => {
  const strings = naughtyStrings();
  if (!strings) return t.diagnostic('absent: ../shared/suites/blns is not beside this clone');
  agree(strings);
  agree([strings.join('\n'), strings.join('')]);
});

test('random Unicode', (t) => {
  const seed = Number(process.env.SEED ?? 20261121);
  t.diagnostic(`SEED=${seed}`);
  const r = random(seed);
  agree(Array.from({ length: 20000 }, () => randomText(r)));
});

test('every code point of the planes in use, among letters, digits, signs and blanks', () => {
  const texts = [];
  for (let first = 0; first < 0x110000; first += 0x100) {
    if (first >= 0xd800 && first < 0xe000) continue;
    // Nothing is assigned here: a block of each plane will do.
    if (first >= 0x32400 && (first & 0xffff) > 0x100) continue;
    let text = '';
    for (let point = first; point < first + 0x100; ++point) {
      const c = String.fromCodePoint(point);
      text += `a${c}1${c}! ${c}${c}\n`;
    }
    texts.push(text);
  }
  agree(texts);
});

test('what no token is: long runs', () => {
  const runs = ['a', 'ab', ' ', '\n', ' \n', '!', '0', 'é', '字', '🎉', "'", "'s", 'xqzj', '\u00a0'];
  agree(runs.flatMap((run) => [99, 100, 101, 102, 1000, 5000].map((n) => run.repeat(n))));
});

test('special tokens are text', () => agree(['<|endoftext|>', 'a<|fim_prefix|>b<|endofprompt|>']));
