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

// What the guesses are worth. The figures are printed; the bounds are those that
// providers/tokens/token_counter.h and providers/estimate.h promise.

// `program MODE`, a JSON string per line in, a number per line out.
function counted(mode, texts) {
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('');
  const run = spawnSync(program, [mode], { input, maxBuffer: 1 << 30, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const numbers = run.stdout.split('\n').slice(0, -1).map(Number);
  assert.equal(numbers.length, texts.length);
  return numbers;
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const length = (encoder, text) => encoder.encode(text, [], []).length;
function encoder(name) {
  const { bpe_ranks, pat_str } = require(`tiktoken/encoders/${name}.json`);
  return new Tiktoken(bpe_ranks, {}, pat_str);
}

const encoders = { o200k_base: encoder('o200k_base'), p50k_base: encoder('p50k_base') };

// Prose, code and configuration, as models are asked for.
test('the guess for an unknown vocabulary, against a larger and a smaller one', (t) => {
  const texts = [...treeTexts(), scripts.english.repeat(10)];
  const guess = sum(counted('unknown', texts));
  for (const [name, low, high] of [['o200k_base', 1.05, 1.2], ['p50k_base', 0.75, 1.0]]) {
    const truth = sum(texts.map((text) => length(encoders[name], text)));
    t.diagnostic(`${name}: guessed ${guess} of ${truth}: ${((guess / truth - 1) * 100).toFixed(1)} %`);
    assert.ok(guess / truth > low && guess / truth < high, name);
  }
  for (const [script, text] of Object.entries(scripts)) {
    const [one] = counted('unknown', [text]);
    const errors = Object.entries(encoders).map(
      ([name, encoder]) => `${name} ${((one / length(encoder, text) - 1) * 100).toFixed(0)} %`);
    t.diagnostic(`${script}: ${errors.join(', ')}`);
  }
});

// Texts as they come: whole files, parts of them, lines, questions in many scripts.
function prompts() {
  const r = random(7);
  const parts = treeTexts().flatMap((text) =>
    Array.from({ length: 40 }, () => {
      const begin = Math.floor(r() * text.length);
      return text.slice(begin, begin + 100 + Math.floor(r() * 2000));
    }));
  return [...Object.values(scripts), ...treeTexts(), ...parts];
}

test('the glance at a prompt is rarely below its count', (t) => {
  const texts = prompts();
  const quick = counted('quick', texts);
  const exact = counted('prompt', texts);
  const ratios = quick.map((tokens, i) => tokens / exact[i]).sort((a, b) => a - b);
  const at = (share) => ratios[Math.floor((ratios.length - 1) * share)].toFixed(2);
  const below = ratios.filter((ratio) => ratio < 1).length / ratios.length;
  t.diagnostic(`${ratios.length} prompts: lowest ${at(0)}, 1 % ${at(0.01)}, middle ${at(0.5)}, ` +
    `99 % ${at(0.99)}; below the count: ${(below * 100).toFixed(1)} %`);
  assert.ok(below < 0.02);
  assert.ok(ratios[0] > 0.75);
  assert.ok(Number(at(0.5)) < 1.6);
});

// A sample in English of what upstreams report (wire-facts 1.2, 3.3): prompts with their
// template, answers of the native API with the token that ends them.
test('counts that providers report', () => {
  assert.deepEqual(counted('prompt', ['Capital of France?']), [11]);
  assert.deepEqual(counted('exact', [' Paris', ' Paris is', ' Paris is in France.', ' Paris.']), [1, 2, 6 - 1, 3 - 1]);
});
