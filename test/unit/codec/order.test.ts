import test from 'ava'
import fc from 'fast-check'
import { encodeValues } from '../../../server/codec/order.ts'
import type { AttributeValue } from '../../../server/model/item.ts'
import { base64, naiveCompare, number, text } from '../model/arbitraries.ts'

const TYPES = {
  S: text.map((S): AttributeValue => ({ S })),
  N: number.map((N): AttributeValue => ({ N })),
  B: base64.map((B): AttributeValue => ({ B })),
}
const type = fc.constantFrom<'S' | 'N' | 'B'>('S', 'N', 'B')

for (const [name, values] of Object.entries(TYPES)) {
  test(`encodings of ${name} have the order of the values`, t => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        t.is(Buffer.compare(encodeValues([a]), encodeValues([b])), naiveCompare(a, b))
      }),
      { numRuns: 5000 },
    )
  })
}

test('strings of encodings have the order of the strings of values', t => {
  const rows = fc
    .array(type, { minLength: 1, maxLength: 3 })
    .chain(types => fc.tuple(...[0, 1].map(() => fc.tuple(...types.map(each => TYPES[each])))))
  fc.assert(
    fc.property(rows, ([a, b]) => {
      const expected = a!.map((value, i) => naiveCompare(value, b![i]!)).find(order => order !== 0) ?? 0
      t.is(Buffer.compare(encodeValues(a!), encodeValues(b!)), expected)
    }),
    { numRuns: 5000 },
  )
})

test('no encoding begins with another', t => {
  fc.assert(
    fc.property(
      type.chain(each => fc.tuple(TYPES[each], TYPES[each])),
      ([a, b]) => {
        if (naiveCompare(a, b) === 0) return
        const [left, right] = [encodeValues([a]), encodeValues([b])]
        t.false(left.equals(right.subarray(0, left.length)))
      },
    ),
    { numRuns: 3000 },
  )
})

test('lone surrogates neither meet each other nor the replacement character', t => {
  const texts = ['\ud800', '\udbff', '\udc00', '\udfff', '\ufffd', '\ud83d\ude00', '\ude00\ud83d', '\ud83da']
  const encodings = texts.map(S => encodeValues([{ S }]).toString('hex'))
  t.is(new Set(encodings).size, texts.length)
})

test('stored forms never change', t => {
  const hex = (value: AttributeValue) => encodeValues([value]).toString('hex')
  t.is(hex({ S: 'ab' }), '61620000')
  t.is(hex({ S: '' }), '0000')
  t.is(hex({ S: 'a\0é' }), '6100ffc3a90000')
  t.is(hex({ S: '\ud800' }), 'eda0800000')
  t.is(hex({ B: Buffer.from([0, 255, 1]).toString('base64') }), '00ffff010000')
  t.is(hex({ N: '0' }), '02')
  t.is(hex({ N: '1' }), '03410200')
  t.is(hex({ N: '10' }), '03410b00')
  t.is(hex({ N: '123.45' }), '0342' + '02182e00')
  t.is(hex({ N: '-1' }), '01befdff')
  t.is(hex({ N: `0.${'0'.repeat(129)}1` }), '03000200')
  t.is(hex({ N: '9'.repeat(38) + '0'.repeat(88) }), `037f${'64'.repeat(19)}00`)
})

test('values of any length are encoded whole', t => {
  const end = Buffer.alloc(2)
  const long = Buffer.from('é'.repeat(300_000))
  t.deepEqual(encodeValues([{ S: long.toString() }, { N: '0' }]), Buffer.concat([long, end, Buffer.from([2])]))
  const zeros = Buffer.alloc(2_000_000)
  const escaped = Buffer.alloc(4_000_000, Buffer.from([0, 0xff]))
  t.true(encodeValues([{ B: zeros.toString('base64') }]).equals(Buffer.concat([escaped, end])))
  t.true(
    encodeValues([{ S: zeros.toString() }, { S: zeros.toString() }]).equals(
      Buffer.concat([escaped, end, escaped, end]),
    ),
  )
})
