import test from 'ava'
import fc from 'fast-check'
import { DynamoError } from '../../../server/model/errors.ts'
import {
  addNumbers,
  compareNumbers,
  normalizeNumber,
  numberSize,
  subtractNumbers,
} from '../../../server/model/number.ts'
import { exact, number, plain } from './arbitraries.ts'

const NOT_NUMERIC = 'The parameter cannot be converted to a numeric value'
const OVERFLOW = 'Number overflow. Attempting to store a number with magnitude larger than supported range'
const UNDERFLOW = 'Number underflow. Attempting to store a number with magnitude smaller than supported range'
const TOO_MANY = 'Attempting to store more than 38 significant digits in a Number'
const NINES = '9'.repeat(38)

function messageOf(work: () => string): string {
  try {
    return `no error but ${work()}`
  } catch (error) {
    if (error instanceof DynamoError && error.code === 'ValidationException') return error.message
    throw error
  }
}

const NORMAL_FORMS: [written: string, normal: string][] = [
  ['0', '0'],
  ['-0', '0'],
  ['+0.000', '0'],
  ['00', '0'],
  ['0e125', '0'],
  ['0e-130', '0'],
  ['5.', '5'],
  ['.5', '0.5'],
  ['+5', '5'],
  ['-.5e1', '-5'],
  ['007', '7'],
  ['1.50', '1.5'],
  ['100', '100'],
  ['1e2', '100'],
  ['1E+2', '100'],
  ['12.5e-3', '0.0125'],
  ['0.00100', '0.001'],
  ['1e0000000000000000000000000002', '100'],
  [NINES, NINES],
  [`-${NINES}`, `-${NINES}`],
  [`${NINES}000`, `${NINES}000`],
  ['9.9999999999999999999999999999999999999E+125', NINES + '0'.repeat(88)],
  ['1E-130', `0.${'0'.repeat(129)}1`],
  ['1.5E-130', `0.${'0'.repeat(129)}15`],
  [`0.${'0'.repeat(500)}1e501`, '1'],
  [`1${'0'.repeat(500)}e-500`, '1'],
]

for (const [written, normal] of NORMAL_FORMS) {
  test(`${written.slice(0, 60)} (${written.length}) is normalised`, t => t.is(normalizeNumber(written), normal))
}

const REJECTED: [written: string, message: string][] = [
  ['', NOT_NUMERIC],
  ...[
    ' 1',
    '1 ',
    '0x10',
    'NaN',
    'Infinity',
    '-',
    '+',
    '.',
    '-.',
    'e5',
    '.e5',
    '1e',
    '1e+',
    '1e1.5',
    '1.2.3',
    '--1',
    '1_0',
  ]
    .concat(['1e5 ', '١', '1,5', '1e5e5', '\0'])
    .map((text): [string, string] => [text, `${NOT_NUMERIC}: ${text}`]),
  ['1e126', OVERFLOW],
  ['-1e126', OVERFLOW],
  ['1e99999999999999999999999', OVERFLOW],
  [`1${'0'.repeat(126)}`, OVERFLOW],
  ['0e126', OVERFLOW],
  ['1e-131', UNDERFLOW],
  ['-9.9e-131', UNDERFLOW],
  ['1e-99999999999999999999999', UNDERFLOW],
  ['0e-131', UNDERFLOW],
  [`1${'0'.repeat(37)}1`, TOO_MANY],
  [`0.${NINES}1`, TOO_MANY],
]

for (const [written, message] of REJECTED) {
  test(`${JSON.stringify(written.slice(0, 60))} (${written.length}) is rejected`, t => {
    t.is(
      messageOf(() => normalizeNumber(written)),
      message,
    )
  })
}

test('however a number is written, its normal form is the same', t => {
  const zeros = fc.nat({ max: 5 }).map(count => '0'.repeat(count))
  const shift = fc.integer({ min: -60, max: 60 })
  fc.assert(
    fc.property(number, zeros, zeros, shift, fc.constantFrom('e', 'E'), (normal, before, behind, by, mark) => {
      const [sign, whole, fraction = ''] = [normal.startsWith('-') ? '-' : '+', ...normal.replace('-', '').split('.')]
      t.is(normalizeNumber(`${sign}${before}${whole}.${fraction}${behind}`), normal)
      if (normal === '0') return
      const digits = before + whole + fraction + behind
      const exponent = -fraction.length - behind.length
      const point = Math.max(0, Math.min(digits.length, digits.length - by))
      const moved = `${digits.slice(0, point)}.${digits.slice(point)}${mark}${exponent + digits.length - point}`
      t.is(normalizeNumber(sign + moved), normal)
    }),
  )
})

test('megabytes of digits are dealt with in linear time', t => {
  const zeros = '0'.repeat(8_000_000)
  const start = performance.now()
  t.is(
    messageOf(() => normalizeNumber(`1${zeros}`)),
    OVERFLOW,
  )
  t.is(
    messageOf(() => normalizeNumber('7'.repeat(8_000_000))),
    OVERFLOW,
  )
  t.is(
    messageOf(() => normalizeNumber(`0.${'7'.repeat(8_000_000)}`)),
    TOO_MANY,
  )
  t.is(
    messageOf(() => normalizeNumber(`1e${'7'.repeat(8_000_000)}`)),
    OVERFLOW,
  )
  t.true(messageOf(() => normalizeNumber(`${zeros}x`)).startsWith(NOT_NUMERIC))
  t.is(normalizeNumber(zeros), '0')
  t.true(performance.now() - start < 5000)
})

test('order is that of the values', t => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      const difference = exact(a) - exact(b)
      t.is(Math.sign(compareNumbers(a, b)), difference < 0n ? -1 : difference > 0n ? 1 : 0)
    }),
    { numRuns: 2000 },
  )
})

/** What adding must come to, by way of one big integer: a text or an error. */
function naiveResult(value: bigint): string {
  if (value === 0n) return '0'
  const digits = String(value).replace('-', '')
  const significant = digits.replace(/0+$/, '')
  const magnitude = digits.length - 1 - 200
  if (magnitude > 125) return OVERFLOW
  if (magnitude < -130) return UNDERFLOW
  return significant.length > 38 ? TOO_MANY : plain(value < 0n, significant, magnitude)
}

const outcome = (work: () => string) => {
  const message = messageOf(work)
  return message.startsWith('no error but ') ? message.slice(13) : message
}

test('sums and differences are exact, or rejected', t => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      t.is(
        outcome(() => addNumbers(a, b)),
        naiveResult(exact(a) + exact(b)),
      )
      t.is(
        outcome(() => subtractNumbers(a, b)),
        naiveResult(exact(a) - exact(b)),
      )
    }),
    { numRuns: 2000 },
  )
})

test('sums at the limits', t => {
  const max = normalizeNumber(`${NINES}e88`)
  t.is(
    messageOf(() => addNumbers(max, normalizeNumber('1e88'))),
    OVERFLOW,
  )
  t.is(
    messageOf(() => subtractNumbers(normalizeNumber('1.5e-130'), normalizeNumber('1e-130'))),
    UNDERFLOW,
  )
  t.is(
    messageOf(() => addNumbers(NINES, '0.1')),
    TOO_MANY,
  )
  t.is(addNumbers(NINES, '1'), `1${'0'.repeat(38)}`)
  t.is(addNumbers('0.1', '0.2'), '0.3')
  t.is(subtractNumbers('5', '5'), '0')
  t.is(addNumbers('999999999999999', '999999999999999'), '1999999999999998')
})

test('sizes', t => {
  const sizes = { 0: 1, 5: 2, 1000: 2, '0.001': 2, 101: 3, '-12.5': 4, '10.01': 3, '0.0105': 3, '-100': 3 }
  for (const [text, size] of Object.entries(sizes)) t.is(numberSize(text), size, text)
  t.is(numberSize(NINES), 20)
  fc.assert(
    fc.property(number, text => {
      const [whole, fraction = ''] = text.replace('-', '').split('.')
      const left = (fraction === '' ? whole!.replace(/0+$/, '') : whole!).replace(/^0+/, '')
      const right = left === '' ? fraction.replace(/^0+/, '') : fraction
      const expected = 1 + Math.ceil(left.length / 2) + Math.ceil(right.length / 2) + (text.startsWith('-') ? 1 : 0)
      t.is(numberSize(text), expected)
    }),
  )
})
