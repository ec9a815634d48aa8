import test from 'ava'
import fc from 'fast-check'
import { compareScalars, equalValues } from '../../../server/model/compare.ts'
import type { AttributeValue } from '../../../server/model/item.ts'
import { naiveCompare, scalar, text, value } from './arbitraries.ts'

test('scalars of one type are in the order of their bytes or values', t => {
  fc.assert(
    fc.property(scalar, scalar, (a, b) => {
      const comparable = Object.keys(a)[0] === Object.keys(b)[0]
      const order = compareScalars(a, b)
      t.is(order === undefined ? undefined : Math.sign(order), comparable ? naiveCompare(a, b) : undefined)
    }),
    { numRuns: 5000 },
  )
})

test('texts with a common start are in the order of their UTF-8 bytes', t => {
  fc.assert(
    fc.property(text, text, text, (start, a, b) => {
      const [left, right] = [{ S: start + a }, { S: start + b }]
      t.is(Math.sign(compareScalars(left, right)!), naiveCompare(left, right))
    }),
    { numRuns: 5000 },
  )
})

test('a character above U+FFFF comes after U+FFFF, although UTF-16 has it before', t => {
  t.true('\u{1f600}' < '\uffff')
  t.true(compareScalars({ S: '\u{1f600}' }, { S: '\uffff' })! > 0)
})

test('types without an order do not compare', t => {
  t.is(compareScalars({ BOOL: true }, { BOOL: true }), undefined)
  t.is(compareScalars({ NULL: true }, { NULL: true }), undefined)
  t.is(compareScalars({ SS: ['a'] }, { SS: ['a'] }), undefined)
  t.is(compareScalars({ S: '1' }, { N: '1' }), undefined)
})

/** The value with sets sorted and maps as sorted lists, printed. */
function canonical(v: AttributeValue): string {
  const set = v.SS ?? v.NS ?? v.BS
  if (set) return `${Object.keys(v)[0]}${JSON.stringify([...set].sort())}`
  if (v.L) return `L[${v.L.map(canonical).join()}]`
  if (v.M) {
    const members = Object.entries(v.M).map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    return `M{${members.sort().join()}}`
  }
  return JSON.stringify(v)
}

/** The same value with its sets and maps in reverse order. */
function reversed(v: AttributeValue): AttributeValue {
  if (v.SS) return { SS: v.SS.toReversed() }
  if (v.NS) return { NS: v.NS.toReversed() }
  if (v.BS) return { BS: v.BS.toReversed() }
  if (v.L) return { L: v.L.map(reversed) }
  if (v.M) {
    const members = Object.entries(v.M).map(([name, member]) => [name, reversed(member)])
    return { M: Object.fromEntries(members.reverse()) }
  }
  return structuredClone(v)
}

test('equality is deep and blind to the order of sets and maps', t => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      t.true(equalValues(a, reversed(a)))
      t.is(equalValues(a, b), canonical(a) === canonical(b))
    }),
    { numRuns: 2000 },
  )
})

test('values that differ in one place are not equal', t => {
  const different: [AttributeValue, AttributeValue][] = [
    [{ S: '1' }, { N: '1' }],
    [{ S: 'a' }, { S: 'A' }],
    [{ BOOL: true }, { BOOL: false }],
    [{ SS: ['a', 'b'] }, { SS: ['a', 'c'] }],
    [{ SS: ['a'] }, { SS: ['a', 'b'] }],
    [{ SS: ['AQ=='] }, { BS: ['AQ=='] }],
    [{ L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }],
    [{ L: [] }, { L: [{ NULL: true }] }],
    [{ M: { a: { S: 'x' } } }, { M: { b: { S: 'x' } } }],
    [{ M: {} }, { M: { a: { S: 'x' } } }],
    [{ M: { toString: { S: 'x' } } }, { M: { a: { S: 'x' } } }],
  ]
  for (const [a, b] of different) {
    t.false(equalValues(a, b))
    t.false(equalValues(b, a))
  }
})
