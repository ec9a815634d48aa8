/** Attribute values and items: JSON types only. */
import test from 'ava'
import fc from 'fast-check'
import { decodedLength } from '../../../server/api/shape/base64.ts'
import { attributesToGet } from '../../../server/api/shape/common.ts'
import { decode } from '../../../server/api/shape/decode.ts'
import { blob, item, structure } from '../../../server/api/shape/shape.ts'
import { DynamoError } from '../../../server/model/errors.ts'

const shape = structure({ Item: item, Bytes: blob(), AttributesToGet: attributesToGet })

test('a null or empty value is left for validation to refuse', t => {
  t.deepEqual(decode(shape, { Item: { a: null } }).Item, { a: {} })
  t.deepEqual(decode(shape, { Item: { a: { S: null } } }).Item, { a: {} })
  t.deepEqual(decode(shape, { Item: { a: { L: [null] } } }).Item, { a: { L: [{}] } })
  t.deepEqual(decode(shape, { Item: { a: { M: { b: null } } } }).Item, { a: { M: { b: {} } } })
})

test('null and unknown members of a value are gone', t => {
  t.deepEqual(decode(shape, { Item: { a: { S: 'x', N: null, Foo: [1], toString: 2 } } }).Item, { a: { S: 'x' } })
})

test('a null in a set is refused', t => {
  for (const type of ['SS', 'NS', 'BS'])
    t.is(t.throws(() => decode(shape, { Item: { a: { [type]: [null] } } })).name, 'ValidationException')
})

test('two types in one value are left for validation to refuse', t => {
  const two = { a: { S: 'x', N: '1' } }
  t.deepEqual(decode(shape, { Item: structuredClone(two) }).Item, two)
})

test('attribute names from the prototype are names like any other', t => {
  const json = '{"Item":{"__proto__":{"S":"x"},"constructor":{"M":{"__proto__":{"BOOL":"yes"}}},"toString":{"N":"1"}}}'
  const decoded = decode(shape, JSON.parse(json))
  t.is(JSON.stringify(decoded), json.replace('"yes"', 'true'))
  const empty = decode(shape, JSON.parse('{"Item":{"__proto__":null}}'))
  t.is(JSON.stringify(empty), '{"Item":{"__proto__":{}}}')
  t.is(Object.getPrototypeOf(empty.Item), Object.prototype)
})

test('nesting has an end, and none of it overflows the stack', t => {
  const nested = (depth: number, open: string, close: string) =>
    `{"Item":{"a":${open.repeat(depth)}{"S":"x"}${close.repeat(depth)}}}`
  t.notThrows(() => decode(shape, JSON.parse(nested(32, '{"L":[', ']}'))))
  for (const [open, close] of [
    ['{"L":[', ']}'],
    ['{"M":{"a":', '}}'],
  ] as const)
    t.is(
      t.throws(() => decode(shape, JSON.parse(nested(500_000, open, close)))).message,
      'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
    )
})

test('base64 is accepted exactly as Buffer would write it', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      const text = Buffer.from(bytes).toString('base64')
      decode(shape, { Bytes: text })
      t.is(decodedLength(text), bytes.length)
    }),
  )
  const letters = fc.constantFrom(...'ABQgw+/=-_ é'.split(''))
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 12 }), text => {
      const canonical = Buffer.from(text, 'base64').toString('base64') === text
      let accepted = true
      try {
        decode(shape, { Bytes: text })
      } catch {
        accepted = false
      }
      t.is(accepted, canonical)
    }),
    { numRuns: 2000 },
  )
})

test('whatever the JSON, either it decodes or a DynamoError says why', t => {
  const names = fc.constantFrom('S', 'N', 'B', 'BOOL', 'NULL', 'L', 'M', 'SS', 'NS', 'BS', 'a', '__proto__')
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, true, 0, 1.5, '', 'AAAA', 'yes'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).map(entries => Object.fromEntries(entries)),
    ),
  }))
  let accepted = 0
  fc.assert(
    fc.property(value, names, (json, name) => {
      const input = JSON.parse(JSON.stringify({ Item: { [name]: json }, AttributesToGet: json }))
      try {
        decode(shape, input)
        accepted++
      } catch (error) {
        t.true(error instanceof DynamoError, String(error))
        return
      }
      const again = JSON.stringify(input)
      decode(shape, input)
      t.is(JSON.stringify(input), again, 'what has been decoded stays as it is')
    }),
    { numRuns: 2000 },
  )
  t.true(accepted > 0)
})
