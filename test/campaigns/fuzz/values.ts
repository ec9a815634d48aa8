/** Attribute values, ordinary and odd, and what else stands where values belong. */
import type { Random } from '../random.ts'

export type Json = unknown
export type Value = { [type: string]: Json }
export type JsonObject = { [name: string]: Json }

/** Names that mean something to JavaScript, to JSON or to DynamoDB; all are legal for attributes. */
export const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  '__defineGetter__',
  'then',
  'toJSON',
  'length',
  'S',
  'size',
  'status',
  'a.b',
  'a[0]',
  '#a',
  ':a',
  ' ',
  '\0',
  'nul\0within',
  '\u2028',
  'ünï',
  '\ud83d\ude00',
  '\ud800',
]

export const ODD_STRINGS = [
  ...ODD_NAMES,
  '',
  '\udc00\ud800',
  'half \ud800 pair',
  '\u2028\u2029',
  '\ufeffmark',
  '\uffff',
  'e\u0301 \u00e9',
  '\u202eright to left',
  '"',
  '\\',
  '\\u0000',
  "' OR 1=1 --",
  '%00%s%n',
  '../../..',
  '<a/>\r\n\r\n',
  'null',
  'NaN',
  '-1',
  'arn:aws:dynamodb:us-east-1:123456789012:table/',
  'arn:aws:dynamodb:us-east-1:123456789012:table/fuzz-range/index/local-n',
  'arn:aws:dynamodb:eu-west-1:123456789012:table/fuzz-range',
  'arn:::::',
  'x'.repeat(255),
  'x'.repeat(256),
  'é'.repeat(1025),
  'x'.repeat(2049),
  '\ud83d\ude00'.repeat(16_384),
  '\0'.repeat(65_536),
]

const HUGE_STRINGS = ['x', '\0', 'é', '\u2028', '\ud800'].map(unit => unit.repeat(400_000))

/** As DynamoDB sends them: as text. About half of them are refused. */
export const ODD_NUMBERS = [
  '0',
  '-0',
  '0.0',
  '1',
  '-1',
  '+5',
  '5.',
  '.5',
  '007',
  '1e125',
  '-1e125',
  '1e126',
  '1e-130',
  '1e-131',
  '-1E-130',
  '0e126',
  '0e-131',
  `${'9'.repeat(38)}e88`,
  `${'9'.repeat(38)}e87`,
  `9.${'9'.repeat(37)}e125`,
  `-9.${'9'.repeat(37)}E+125`,
  '9'.repeat(38),
  '9'.repeat(39),
  `1${'0'.repeat(125)}`,
  `1${'0'.repeat(126)}`,
  `0.${'0'.repeat(129)}1`,
  `0.${'0'.repeat(130)}1`,
  `${'0'.repeat(50_000)}1`,
  `1.${'0'.repeat(50_000)}`,
  '1'.repeat(10_000),
  '1e99999999999999999999',
  '1e-99999999999999999999',
  '1e+0000000000000000000001',
  '',
  '.',
  'e1',
  '1e',
  '--5',
  ' 1',
  '1 ',
  '1_000',
  '0x10',
  'NaN',
  'Infinity',
  '\uff11',
]

const ODD_BLOBS = [
  '',
  'AA==',
  '/+8=',
  'AB==',
  'A',
  'AAA',
  '====',
  '-_8=',
  'A A=',
  'AAAA\n',
  'é',
  'A'.repeat(4 * 100_000),
]

export function ordinaryNumber(random: Random): string {
  return random.pick(['0', '1', '2', '3', '-7', '10', '3.5', '1e3', '123456789012345678901234567890.12345678'])
}

function blob(random: Random): string {
  return Buffer.from(random.some(0, 12, () => random.below(256))).toString('base64')
}

function text(random: Random): string {
  return random.chance(0.8) ? `text ${random.below(1000)}` : random.pick(ODD_STRINGS)
}

/** A set of distinct members. */
function set(random: Random, make: () => string): string[] {
  return [...new Set(random.some(1, 4, make))]
}

/** A value that DynamoDB takes, but for an odd one of size. */
export function ordinaryValue(random: Random, depth = 0): Value {
  const nested = depth < 4 ? 3 : 0
  const make = random.weighted<() => Value>([
    [6, () => ({ S: text(random) })],
    [6, () => ({ N: ordinaryNumber(random) })],
    [2, () => ({ B: blob(random) })],
    [2, () => ({ BOOL: random.chance(0.5) })],
    [1, () => ({ NULL: true })],
    [1, () => ({ SS: set(random, () => text(random)) })],
    [1, () => ({ NS: set(random, () => String(random.below(100))) })],
    [1, () => ({ BS: set(random, () => blob(random)) })],
    [nested, () => ({ L: random.some(0, 4, () => ordinaryValue(random, depth + 1)) })],
    [
      nested,
      () => ({ M: Object.fromEntries(random.some(0, 4, () => [name(random), ordinaryValue(random, depth + 1)])) }),
    ],
    [0.05, () => deepValue(random, 1 + random.below(31))],
    [0.02, () => ({ S: 'x'.repeat(random.below(390_000)) })],
    [0.02, () => ({ L: random.some(1000, 20_000, () => ({ NULL: true })) })],
  ])
  return make()
}

export function name(random: Random): string {
  return random.chance(0.7) ? random.pick(['a', 'b', 'c', 'd']) : random.pick(ODD_NAMES)
}

/** A value that is wrong in itself, or at a limit. */
export function oddValue(random: Random): Json {
  const make = random.weighted<() => Json>([
    [4, () => ({ N: random.pick(ODD_NUMBERS) })],
    [2, () => ({ S: random.pick(ODD_STRINGS) })],
    [0.05, () => ({ S: random.pick(HUGE_STRINGS) })],
    [2, () => ({ B: random.pick(ODD_BLOBS) })],
    [1, () => ({ NULL: random.pick([false, null, 'true', 1]) })],
    [1, () => ({ BOOL: random.pick(['yes', 'maybe', null, 0]) })],
    [1, () => ({ SS: random.pick([[], ['a', 'a'], [null], [[]], 'a', {}, ['\ud800', '\udc00']]) })],
    [
      1,
      () => ({
        NS: random.pick([[], ['1', '1.0'], ['x'], ['1e126'], [1], random.some(2, 40, () => random.pick(ODD_NUMBERS))]),
      }),
    ],
    [1, () => ({ BS: random.pick([[], ['AA==', 'AA=='], ['A'], [null]]) })],
    [1, () => ({ ...ordinaryValue(random), ...ordinaryValue(random) })],
    [1, () => ({ [random.pick(ODD_NAMES)]: 'x' })],
    [1, () => ({})],
    [1, () => oddJson(random)],
    [1, () => deepValue(random, 30 + random.below(4))],
    [0.5, () => deepValue(random, random.pick([98, 99, 100, 101, 102, 500, 1000]))],
    [0.1, () => wideValue(random)],
  ])
  return make()
}

/** Something in so many lists and maps. */
function deepValue(random: Random, levels: number): Value {
  let value = random.chance(0.5) ? { S: 'bottom' } : ordinaryValue(random, 4)
  for (let i = 1; i < levels; i++) value = random.chance(0.5) ? { L: [value] } : { M: { [name(random)]: value } }
  return value
}

function wideValue(random: Random): Value {
  const length = random.pick([1000, 20_000, 100_000])
  const members = Array.from({ length }, (_, i) => String(i))
  return random.pick<() => Value>([
    () => ({ NS: members }),
    () => ({ SS: members }),
    () => ({ L: members.map(() => ({ N: '1' })) }),
    () => ({ M: Object.fromEntries(members.map(member => [member, { BOOL: true }])) }),
  ])()
}

/** Any JSON at all, where something else is expected. */
export function oddJson(random: Random): Json {
  const make = random.weighted<() => Json>([
    [3, () => null],
    [2, () => random.pick([true, false])],
    [
      3,
      () => random.pick([0, -1, 1, 2, 0.5, 100, 101, 1_000_000, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e300]),
    ],
    [4, () => random.pick(ODD_STRINGS)],
    [2, () => []],
    [2, () => ({})],
    [1, () => [[]]],
    [1, () => [null]],
    [1, () => [{}, 'x', 1]],
    [1, () => ({ [random.pick(ODD_NAMES)]: {} })],
    [1, () => ({ S: 'x' })],
    [1, () => ({ L: [{ M: {} }] })],
  ])
  return make()
}
