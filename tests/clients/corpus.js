// Texts to count tokens of: written prose, code, logs, many scripts, the naughty strings
// where they are beside the clone, and random Unicode from a seed that is printed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

// mulberry32: the same numbers from the same seed, everywhere.
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const scripts = {
  english: `It's the gateway's job to count what was said, and we'll be told if it doesn't. They've asked
twice; she'd rather not, but I'm sure you're right: the bill wasn't the provider's. A short sentence. Then a longer
one, with commas, (brackets) and "quotes", that goes on until nobody remembers how it began.`,
  shouting: "IT'S NOT WHAT WE'LL SAY, THEY'RE SURE; I'D KNOW. 'Tis 'ſtrange, don'ſ say ’s or 'Re 'VE",
  german: 'Übergrößenträger führen Straßenbahnfahrkartenautomatenhersteller häufig in die Irre, nicht wahr?',
  french: "L'élève n'a pas encore été prévenu : où est passé le garçon qui gérait l'hôtel « Château » ?",
  spanish: '¿Cuánto cuesta enviar mañana un paquete pequeño a la dirección que le di ayer? ¡Demasiado!',
  russian: 'Сколько стоит отправить завтра небольшую посылку по адресу, который я вам вчера дал? Слишком дорого!',
  greek: 'Πόσο κοστίζει να στείλω αύριο ένα μικρό δέμα στη διεύθυνση που σας έδωσα χθες;',
  chinese: '明天把一个小包裹寄到我昨天给你的地址要多少钱？太贵了！网关必须准确计算每一个词元。',
  japanese: '昨日お伝えした住所に小さな荷物を明日送るにはいくらかかりますか。ゲートウェイはトークンを数えます。',
  korean: '어제 알려드린 주소로 내일 작은 소포를 보내려면 얼마인가요? 너무 비싸요!',
  arabic: 'كم تكلفة إرسال طرد صغير غداً إلى العنوان الذي أعطيتك إياه أمس؟ إنها باهظة جداً!',
  hebrew: 'כמה עולה לשלוח מחר חבילה קטנה לכתובת שנתתי לך אתמול? יקר מדי!',
  hindi: 'कल मैंने आपको जो पता दिया था उस पर कल एक छोटा पार्सल भेजने में कितना खर्च आएगा?',
  thai: 'ส่งพัสดุเล็กๆ ไปยังที่อยู่ที่ฉันให้ไว้เมื่อวานนี้พรุ่งนี้ราคาเท่าไหร่',
  emoji: '👩‍👩‍👧‍👦 said 🎉🎊 to 🏳️‍🌈 and 🇩🇪, then left 🚶🏽‍♀️… ☃️ ❤️‍🔥',
  mathematics: '∀ε>0 ∃δ>0: |x−a|<δ ⇒ |f(x)−f(a)|<ε; Σ₀ⁿ xⁱ = (1−xⁿ⁺¹)/(1−x), ½ ³ ² ① Ⅷ ٣٤٥ १२३४',
  json: '{"id":"chatcmpl-01","choices":[{"index":0,"delta":{"content":" Paris"}}],"usage":{"prompt_tokens":12345}}',
  code: 'for (std::size_t i = 0; i < n; ++i) {\n\tif (!seen[i]) return std::nullopt;  // never here\n\t\tx->y[i] += 0x7fff\'ffff;\n}\n\n\n',
  python: 'def count(text: str) -> int:\n    """Tokens of text."""\n    return sum(1 for _ in split(text))\r\n\r\n',
  log: '2026-11-21T13:45:01.123456Z INFO 10.0.17.255:54321 -> [::1]:8080 "GET /v1/models HTTP/1.1" 200 1532 0.004\n',
  blanks: '  a   b\t\tc \n d\n\n\n   e \r\n\r\n  f\u00a0\u00a0g\u2028h\u2029 i\u3000j   \n   ',
  base64: 'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==',
};

// Code points of every kind, rare ones as often as common ones.
const kinds = [
  (r) => 0x20 + Math.floor(r() * 95),
  (r) => 0x20 + Math.floor(r() * 95),
  (r) => [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x20, 0x85, 0xa0, 0x180e, 0x2003, 0x2028, 0x3000][Math.floor(r() * 13)],
  (r) => [0x27, 0x73, 0x53, 0x17f, 0x74, 0x72, 0x65, 0x76, 0x6c, 0x4c, 0x64, 0x6d, 0x4d][Math.floor(r() * 13)],
  (r) => 0x80 + Math.floor(r() * 0x780),
  (r) => 0x800 + Math.floor(r() * 0xd000),
  (r) => 0x4e00 + Math.floor(r() * 0x51ff),
  (r) => 0x30 + Math.floor(r() * 10),
  (r) => 0x1f300 + Math.floor(r() * 0x400),
  (r) => 0x10000 + Math.floor(r() * 0x100000),
];
export function randomText(r) {
  const some = Array.from({ length: 1 + Math.floor(r() * 4) }, () => kinds[Math.floor(r() * kinds.length)]);
  const length = Math.floor(r() * 120);
  let text = '';
  for (let i = 0; i < length; ++i) text += String.fromCodePoint(some[Math.floor(r() * some.length)](r));
  return text;
}

// Files of this tree, whole: real prose, code and configuration.
export function treeTexts() {
  const files = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CMakeLists.txt', 'config/tollgate.example.yaml',
    'deploy/grafana.json', 'tests/clients/package-lock.json'];
  for (const name of readdirSync(join(root, 'providers'))) {
    if (name.endsWith('.cc')) files.push(`providers/${name}`);
  }
  return files.map((file) => readFileSync(join(root, file), 'utf8'));
}

export function naughtyStrings() {
  const folder = [join(root, '../shared/suites/blns'), join(root, '../../shared/suites/blns')].find(existsSync);
  if (!folder) return undefined;
  const file = readdirSync(folder).find((name) => name.endsWith('.json'));
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}
