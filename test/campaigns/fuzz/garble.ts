/** Damage to the JSON text of a body, and bodies made to exhaust whoever reads them. */
import type { Random } from '../random.ts'

/** The text with a wound or two, as bytes. */
export function garbleText(random: Random, text: string): Buffer {
  return random.weighted<() => Buffer>([
    [3, () => Buffer.from(text.slice(0, random.below(text.length)))],
    [6, () => Buffer.from(spliced(random, text, random.pick(FRAGMENTS)))],
    [2, () => Buffer.from(text.replaceAll(/"/g, quote => (random.chance(0.05) ? '' : quote)))],
    [3, () => flipped(random, Buffer.from(text))],
    [1, () => Buffer.from(text, 'utf16le')],
    [1, () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])],
    [1, () => Buffer.from(text + text)],
    [1, () => Buffer.from(`[${text}]`)],
    [1, () => Buffer.from(`  \r\n\t${text}\n`)],
    [1, () => Buffer.from(random.some(0, 64, () => random.below(256)))],
    [0.2, () => Buffer.from(nested(random, random.pick([100, 1000, 5000, 20_000])))],
  ])()
}

/** What stands where a value belongs: JSON that JavaScript does not write, and what is no JSON. */
const FRAGMENTS = [
  '1e400',
  '-1e400',
  '-0',
  '1e-400',
  '9'.repeat(40),
  '9'.repeat(5000),
  '0.1e+0001',
  '01',
  '+1',
  '.5',
  '1.',
  'NaN',
  'Infinity',
  'undefined',
  'nul',
  "'x'",
  '"\\ud800"',
  '"\\u0000"',
  '"\\x41"',
  '"\\u12"',
  '"\n"',
  '"\0"',
  '{"S":"a","S":"b"}',
  '{"S":"a","N":"1"}',
  '{"__proto__":{"S":"x"}}',
  '{"__proto__":null}',
  '{"":{"S":"x"}}',
  '{,}',
  '[1,]',
  '/* */1',
  '"',
  '{',
  ']',
  '',
  `${'{"L":['.repeat(40)}${']}'.repeat(40)}`,
  `${'{"M":{"a":'.repeat(101)}1${'}}'.repeat(101)}`,
  `${'['.repeat(999)}${']'.repeat(999)}`,
  `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
]

/** The text with one of its values replaced. */
function spliced(random: Random, text: string, fragment: string): string {
  const starts = [...text.slice(0, 20_000).matchAll(/(?<=[:[,])(?:"[^"\\]*"|[\d.e+-]+|true|false|null)(?=[,}\]])/g)]
  if (starts.length === 0) return fragment
  const { index, 0: value } = random.pick(starts)
  return text.slice(0, index) + fragment + text.slice(index + value.length)
}

/** With a few bytes changed; often no longer UTF-8. */
function flipped(random: Random, bytes: Buffer): Buffer {
  for (let i = 0; i <= random.below(3); i++) {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.pick([0, 0x22, 0x7b, 0x80, 0xc0, 0xed, 0xff])
  }
  return bytes
}

function nested(random: Random, levels: number): string {
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"TableName":"fuzz-hash","Item":{"pk":{"S":"p0"},"a":', '}}'],
    ['{"L":[', ']}'],
    ['{"M":{"a":', '}}'],
  ])
  return open!.repeat(levels) + random.pick(['', '1', '{}']) + close!.repeat(random.chance(0.7) ? levels : 0)
}

const MIB = 1024 * 1024

/** Megabytes: at the limit of a body, or beyond it. */
export function hugeBody(random: Random): Buffer {
  const size = random.pick([1, 4, 15.9, 16, 16.1, 20]) * MIB
  const put = (item: string) => `{"TableName":"fuzz-hash","Item":{"pk":{"S":"p0"},${item}}}`
  const text = random.pick([
    () => put(`"a":{"S":"${'x'.repeat(size)}"}`),
    () => put(`"a":{"S":"${'\\u0000'.repeat(size / 6)}"}`),
    () => put(`"a":{"N":"${'1'.repeat(size)}"}`),
    () => put(`"a":{"N":${'1'.repeat(size)}}`),
    () => put(`"a":{"B":"${'A'.repeat(size)}"}`),
    () => put(`"a":{"L":[${'{"NULL":true},'.repeat(size / 14)}{"NULL":true}]}`),
    () => put(`"a":{"NS":["0"${Array.from({ length: size / 10 }, (_, i) => `,"${i}"`).join('')}]}`),
    () => put(`"a":{"SS":["x"${',"x"'.repeat(size / 4)}]}`),
    () => put(Array.from({ length: size / 20 }, (_, i) => `"${i}":{"N":"1"}`).join()),
    () => put(`"a":{"L":[${'['.repeat(size / 2)}${']'.repeat(size / 2)}]}`),
    () => '['.repeat(size),
    () => '{"a":'.repeat(size / 5),
    () => ' '.repeat(size) + put('"a":{"S":"x"}'),
    () => `{"TableName":"${'x'.repeat(size)}"}`,
    () => `{"RequestItems":{"fuzz-hash":[${'{"DeleteRequest":{"Key":{}}},'.repeat(size / 30)}{}]}}`,
    () => `{"RequestItems":{${Array.from({ length: size / 20 }, (_, i) => `"t${i}":{}`).join()}}}`,
    () => `{"TableName":"fuzz-hash","FilterExpression":"${'('.repeat(size)}"}`,
    () => `{"TableName":"fuzz-hash","AttributeDefinitions":[${'{},'.repeat(size / 3)}{}]}`,
    () => `"${'\\"'.repeat(size / 2)}`,
  ])()
  return Buffer.from(text)
}
