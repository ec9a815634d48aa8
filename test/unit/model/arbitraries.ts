/** Random values for property tests, and plain, slow readings of them to test against. */
import fc from 'fast-check'
import type { AttributeValue, Item } from '../../../server/model/item.ts'

/** Characters at which encodings and orders go wrong: NUL, the edges of UTF-8's lengths, surrogates in and out of pairs. */
const EDGES = ['\0', '\u0001', 'a', 'b', '\u007f', '\u0080', '\u00ff', '\u07ff', '\u0800', '\ud7ff', '\ud800', '\udbff']
const MORE_EDGES = ['\udc00', '\ude00', '\udfff', '\ue000', '\ufffd', '\uffff', '\u{10000}', '\u{1f600}', '\u{10ffff}']

export const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...EDGES, ...MORE_EDGES), maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '\0'), maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
)

export const base64 = fc
  .oneof(fc.uint8Array({ maxLength: 60 }), fc.array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 4 }))
  .map(bytes => Buffer.from(bytes).toString('base64'))

/** Significant digits without zeros at either end. */
const digits = fc
  .oneof(fc.stringMatching(/^[1-9]{1,2}$/), fc.stringMatching(/^[1-9][0-9]{0,37}$/))
  .map(all => all.replace(/0+$/, ''))

/** Every number there is, in normal form, many of them close together. */
export const number = fc.oneof(
  fc.constantFrom('0', '1', '-1', '10', '-10', '0.1', '-0.1', '99', '100', '0.01'),
  fc.integer({ min: -1000, max: 1000 }).map(String),
  fc
    .tuple(fc.boolean(), digits, fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -130, max: 125 })))
    .map(([negative, significant, magnitude]) => plain(negative, significant, magnitude)),
)

export const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.map(S => ({ S })),
  number.map(N => ({ N })),
  base64.map(B => ({ B })),
)

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '0', 'é'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
)

const set = <T>(member: fc.Arbitrary<T>) => fc.uniqueArray(member, { minLength: 1, maxLength: 5 })

/** Valid values of all types, normalised. */
export const value: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue; map: Item }>(tie => ({
  map: fc
    .uniqueArray(fc.tuple(name, tie('value')), { maxLength: 4, selector: ([own]) => own })
    .map(members => Object.fromEntries(members)),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.boolean().map(BOOL => ({ BOOL })),
    fc.constant<AttributeValue>({ NULL: true }),
    set(text).map(SS => ({ SS })),
    set(number).map(NS => ({ NS })),
    set(base64).map(BS => ({ BS })),
    fc.array(tie('value'), { maxLength: 4 }).map(L => ({ L })),
    tie('map').map(M => ({ M })),
  ),
})).value

/** Normal form of a number with the given significant digits, the first of which stands for ten to the `magnitude`. */
export function plain(negative: boolean, significant: string, magnitude: number): string {
  const sign = negative ? '-' : ''
  if (magnitude < 0) return `${sign}0.${'0'.repeat(-magnitude - 1)}${significant}`
  const whole = significant.slice(0, magnitude + 1).padEnd(magnitude + 1, '0')
  const fraction = significant.slice(magnitude + 1)
  return sign + whole + (fraction === '' ? '' : `.${fraction}`)
}

const PLACES = 200

/** Any decimal text, times 10^200. */
export function exact(decimal: string): bigint {
  const [mantissa, exponent = '0'] = decimal.toLowerCase().split('e')
  const [whole, fraction = ''] = mantissa!.split('.')
  const power = PLACES + Number(exponent) - fraction.length
  const unscaled = BigInt(`${whole}${fraction}`.replace('+', ''))
  return power >= 0 ? unscaled * 10n ** BigInt(power) : unscaled / 10n ** BigInt(-power)
}

/** UTF-8, but lone surrogates as the three bytes of their number. */
export function bytesOfText(string: string): number[] {
  return [...string].flatMap(character => {
    const code = character.codePointAt(0)!
    if (code < 0xd800 || code > 0xdfff) return [...Buffer.from(character)]
    return [0xed, 0x80 + ((code >> 6) & 0x3f), 0x80 + (code & 0x3f)]
  })
}

export function bytesOf(scalarValue: AttributeValue): number[] {
  return scalarValue.S !== undefined ? bytesOfText(scalarValue.S) : [...Buffer.from(scalarValue.B!, 'base64')]
}

/** DynamoDB's order of two scalars of one type. */
export function naiveCompare(a: AttributeValue, b: AttributeValue): -1 | 0 | 1 {
  if (a.N !== undefined) return signOf(exact(a.N) - exact(b.N!))
  const left = bytesOf(a)
  const right = bytesOf(b)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return signOf(left[i]! - right[i]!)
  }
  return signOf(left.length - right.length)
}

function signOf(difference: bigint | number): -1 | 0 | 1 {
  return difference < 0 ? -1 : difference > 0 ? 1 : 0
}
