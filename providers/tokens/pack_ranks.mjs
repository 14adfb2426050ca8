// Turns the ranks of cl100k_base into the table the program is linked with:
//   node pack_ranks.mjs cl100k_base.json|cl100k_base.tiktoken OUT
//
// Layout, little-endian (read by rank_table.cc, which says how it is used):
//   "TGRANKS1", u32 tokens, u32 bits        the head
//   u32 slots[1 << bits]                    hash table: (hash's upper 15 bits << 17) | rank + 1
//   u32 offsets[tokens + 1]                 where each token's bytes begin
//   u8  bytes[]
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

// Of the published rank file: whatever file it is read from, these are the ranks.
const kSha256 = '223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7';
const kBits = 18;
const kRankBits = 17;

const [, , from, to] = process.argv;
if (!to) {
  console.error('usage: pack_ranks.mjs RANKS OUT');
  process.exit(2);
}

// One line per token in both: base64 and rank; or "! FIRST-RANK base64 base64 …".
function readTokens(text) {
  const tokens = [];
  const lines = text.startsWith('{') ? JSON.parse(text).bpe_ranks.split('\n') : text.split('\n');
  for (const line of lines) {
    if (!line) continue;
    const [first, second, ...rest] = line.split(' ');
    if (first === '!') rest.forEach((token, i) => (tokens[Number(second) + i] = token));
    else tokens[Number(second)] = first;
  }
  return tokens;
}

// Must be rank_table.cc's.
function hash(bytes) {
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

const tokens = readTokens(readFileSync(from, 'utf8'));
const published = tokens.map((token, rank) => `${token} ${rank}\n`).join('');
if (createHash('sha256').update(published).digest('hex') !== kSha256) {
  console.error(`${from}: these are not the ranks of cl100k_base`);
  process.exit(1);
}

const slots = new Uint32Array(1 << kBits);
const offsets = new Uint32Array(tokens.length + 1);
const bytes = tokens.map((token) => Buffer.from(token, 'base64'));
bytes.forEach((token, rank) => {
  offsets[rank + 1] = offsets[rank] + token.length;
  const h = hash(token);
  let slot = h & (slots.length - 1);
  while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
  slots[slot] = ((h >>> kRankBits) << kRankBits) | (rank + 1);
});
const head = Buffer.alloc(16);
head.write('TGRANKS1', 'latin1');
head.writeUInt32LE(tokens.length, 8);
head.writeUInt32LE(kBits, 12);
writeFileSync(to, Buffer.concat([head, Buffer.from(slots.buffer), Buffer.from(offsets.buffer), ...bytes]));
