import test from 'ava'
import fc from 'fast-check'
import { decodeAttributes, endOfValue } from '../../../server/codec/decode.ts'
import { rowKey } from '../../../server/codec/key.ts'
import { encodeValues } from '../../../server/codec/order.ts'
import type { AttributeValue } from '../../../server/model/item.ts'
import { normalizeNumber } from '../../../server/model/number.ts'

const HASH_SIZE = 4

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\0', 'a', '\u{10ffff}', 'é') }))
const number = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }), fc.integer({ min: -120, max: 80 }))
  .map(([negative, digits, exponent]) => normalizeNumber(`${negative ? '-' : ''}${digits}e${exponent}`))
const bytes = fc.uint8Array({ maxLength: 40 }).map(data => Buffer.from(data).toString('base64'))
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.map(S => ({ S })),
  number.map(N => ({ N })),
  bytes.map(B => ({ B })),
)
const typeOf = (value: AttributeValue) => Object.keys(value)[0] as 'S' | 'N' | 'B'

test('what was encoded is decoded', t => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), values => {
      const attributes = values.map((value, i) => ({ name: `a${i}`, type: typeOf(value) }))
      const item = Object.fromEntries(values.map((value, i) => [`a${i}`, value]))
      t.deepEqual(decodeAttributes(encodeValues(values), 0, attributes), item)
      const end = attributes.reduce((end, attribute) => endOfValue(encodeValues(values), end, attribute), 0)
      t.is(end, encodeValues(values).length)
    }),
  )
})

test('an attribute may be called like a member of all objects', t => {
  const key = rowKey({ hash: [{ name: '__proto__', type: 'S' }], range: [] }, JSON.parse('{"__proto__":{"S":"x"}}'))
  const decoded = decodeAttributes(key, HASH_SIZE, [{ name: '__proto__', type: 'S' }])
  t.is(JSON.stringify(decoded), '{"__proto__":{"S":"x"}}')
})
