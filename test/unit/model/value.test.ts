import test from 'ava'
import fc from 'fast-check'
import { DynamoError } from '../../../server/model/errors.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import { numberSize } from '../../../server/model/number.ts'
import { base64Size, itemSize, sizeOf, utf8Size } from '../../../server/model/size.ts'
import { validateItem, validateValue } from '../../../server/model/value.ts'
import { base64, bytesOfText, text, value } from './arbitraries.ts'

const INVALID = 'One or more parameter values were invalid: '

const REJECTED: [title: string, value: AttributeValue, message: string][] = [
  ['no type', {}, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
  [
    'two types',
    { S: 'a', N: '1' },
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
  ],
  ['NULL false', { NULL: false }, `${INVALID}Null attribute value types must have the value of true`],
  ['an empty SS', { SS: [] }, `${INVALID}An string set  may not be empty`],
  ['an empty NS', { NS: [] }, `${INVALID}An number set  may not be empty`],
  ['an empty BS', { BS: [] }, `${INVALID}Binary sets should not be empty`],
  ['a duplicate in SS', { SS: ['a', 'b', 'a'] }, `${INVALID}Input collection [a, b, a] contains duplicates.`],
  ['a duplicate in NS', { NS: ['1', '2', '1.0'] }, 'Input collection contains duplicates'],
  [
    'a duplicate in BS',
    { BS: ['AQ==', 'AQ=='] },
    `${INVALID}Input collection [AQ==, AQ==]of type BS contains duplicates.`,
  ],
  ['a bad number', { N: 'x' }, 'The parameter cannot be converted to a numeric value: x'],
  ['a bad number in NS', { NS: ['1', ''] }, 'The parameter cannot be converted to a numeric value'],
  ['a fault in a list', { L: [{ S: '' }, { SS: [] }] }, `${INVALID}An string set  may not be empty`],
  [
    'a fault in a map',
    { M: { a: { L: [{ NULL: false }] } } },
    `${INVALID}Null attribute value types must have the value of true`,
  ],
  ['an empty name in a map', { M: { '': { S: 'a' } } }, `${INVALID}An attribute name may not be empty`],
]

for (const [title, rejected, message] of REJECTED) {
  test(`a value with ${title} is rejected`, t => {
    const error = t.throws(() => validateValue(rejected), { instanceOf: DynamoError })
    t.is(error?.code, 'ValidationException')
    t.is(error?.message, message)
    t.is(t.throws(() => validateItem({ name: rejected }))?.message, message)
  })
}

function nested(levels: number, kind: 'L' | 'M'): AttributeValue {
  let inner: AttributeValue = { S: 'a' }
  for (let level = 1; level < levels; level++) inner = kind === 'L' ? { L: [inner] } : { M: { m: inner } }
  return inner
}

for (const kind of ['L', 'M'] as const) {
  test(`32 levels of ${kind} pass, 33 do not, and 100,000 harm nobody`, t => {
    const message =
      'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit'
    t.notThrows(() => validateValue(nested(32, kind)))
    t.throws(() => validateValue(nested(33, kind)), { message })
    t.throws(() => validateValue(nested(100_000, kind)), { message })
    t.throws(() => validateValue(nested(31, kind), 3), { message })
  })
}

test('numbers are normalised in place, wherever they are', t => {
  const item: Item = { a: { N: '+01.50' }, b: { NS: ['1e2', '-0'] }, c: { L: [{ M: { d: { N: '1.0' } } }] } }
  validateItem(item)
  t.deepEqual(item, { a: { N: '1.5' }, b: { NS: ['100', '0'] }, c: { L: [{ M: { d: { N: '1' } } }] } })
})

test('empty strings, binaries, lists and maps are legal', t => {
  for (const legal of [{ S: '' }, { B: '' }, { L: [] }, { M: {} }, { SS: [''] }, { BS: [''] }, { BOOL: false }]) {
    t.notThrows(() => validateValue(legal))
  }
})

test('attribute names have 1 to 65,535 bytes', t => {
  t.is(validateItem({ ['é'.repeat(32_767)]: { NULL: true } }), 65_535)
  const message = `${INVALID}An attribute name may not be longer than 65535 bytes`
  t.throws(() => validateItem({ ['é'.repeat(32_768)]: { NULL: true } }), { message })
  t.throws(() => validateItem({ '': { NULL: true } }), { message: `${INVALID}An attribute name may not be empty` })
})

test('the worked example of 26 bytes', t => {
  const item: Item = {
    pk: { S: 'a' },
    n: { N: '-12.5' },
    b: { BOOL: true },
    l: { L: [{ S: 'xy' }, { N: '0' }] },
    m: { M: { k: { NULL: true } } },
  }
  t.is(validateItem(item), 26)
  t.is(itemSize(item), 26)
})

function naiveSize(v: AttributeValue): number {
  const sum = (sizes: number[]) => sizes.reduce((a, b) => a + b, 0)
  const binary = (member: string) => Buffer.from(member, 'base64').length
  const characters = (member: string) => bytesOfText(member).length
  if (v.S !== undefined) return characters(v.S)
  if (v.N !== undefined) return numberSize(v.N)
  if (v.B !== undefined) return binary(v.B)
  if (v.SS) return sum(v.SS.map(characters))
  if (v.NS) return sum(v.NS.map(numberSize))
  if (v.BS) return sum(v.BS.map(binary))
  if (v.L) return 3 + sum(v.L.map(element => 1 + naiveSize(element)))
  if (v.M) return 3 + sum(Object.entries(v.M).map(([key, member]) => 1 + characters(key) + naiveSize(member)))
  return 1
}

test('sizes equal those of a naive count, and valid values stay as they are', t => {
  fc.assert(
    fc.property(value, v => {
      const before = structuredClone(v)
      const size = naiveSize(v)
      t.is(validateValue(v), size)
      t.is(sizeOf(v), size)
      t.deepEqual(v, before)
      t.is(itemSize(JSON.parse(`{"__proto__":${JSON.stringify(v)}}`)), 9 + size)
    }),
    { numRuns: 500 },
  )
})

test('sizes of texts and of base64', t => {
  fc.assert(fc.property(text, s => t.is(utf8Size(s), bytesOfText(s).length)))
  fc.assert(fc.property(base64, b => t.is(base64Size(b), Buffer.from(b, 'base64').length)))
})
