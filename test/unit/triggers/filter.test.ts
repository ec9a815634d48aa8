/** The pattern language, row by row: a pattern, a record, and whether they match. */
import test from 'ava'
import fc from 'fast-check'
import { matches } from '../../../server/triggers/filter/match.ts'
import { InvalidPattern, parsePattern } from '../../../server/triggers/filter/pattern.ts'

const RECORD = {
  eventName: 'INSERT',
  eventSourceARN: 'arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/L',
  userIdentity: null,
  dynamodb: {
    ApproximateCreationDateTime: 1_700_000_000,
    SizeBytes: 59,
    Keys: { pk: { S: 'a' } },
    NewImage: {
      pk: { S: 'a' },
      status: { S: 'Paid' },
      price: { N: '10.50' },
      tags: { SS: ['red', 'green'] },
      list: { L: [{ S: 'x' }, { N: '3' }] },
      open: { BOOL: true },
      none: { NULL: true },
      empty: { S: '' },
      toString: { S: 'own' },
    },
  },
}

const image = (name: string, test: unknown) => ({ dynamodb: { NewImage: { [name]: test } } })

const ROWS: [name: string, pattern: unknown, matches: boolean][] = [
  ['nothing is asked', {}, true],
  ['a text', { eventName: ['INSERT'] }, true],
  ['another text', { eventName: ['REMOVE'] }, false],
  ['one of several', { eventName: ['REMOVE', 'INSERT'] }, true],
  ['the case of a text', { eventName: ['insert'] }, false],
  ['all of several fields', { eventName: ['INSERT'], ...image('status', { S: ['Paid'] }) }, true],
  ['not all of several fields', { eventName: ['INSERT'], ...image('status', { S: ['open'] }) }, false],
  ['an empty text', image('empty', { S: [''] }), true],
  ['null', { userIdentity: [null] }, true],
  ['null where there is something', { eventName: [null] }, false],
  ['a boolean', image('open', { BOOL: [true] }), true],
  ['the other boolean', image('open', { BOOL: [false] }), false],
  ['a number', { dynamodb: { SizeBytes: [59] } }, true],
  ['a text for a number', { dynamodb: { SizeBytes: ['59'] } }, false],
  ['the text of an N', image('price', { N: ['10.50'] }), true],
  ['a number for an N', image('price', { N: [10.5] }), false],
  ['numeric: N is a text', image('price', { N: [{ numeric: ['>', 1] }] }), false],
  ['numeric =', { dynamodb: { SizeBytes: [{ numeric: ['=', 59] }] } }, true],
  ['numeric >', { dynamodb: { SizeBytes: [{ numeric: ['>', 59] }] } }, false],
  ['numeric >=', { dynamodb: { SizeBytes: [{ numeric: ['>=', 59] }] } }, true],
  ['numeric <', { dynamodb: { SizeBytes: [{ numeric: ['<', 60] }] } }, true],
  ['numeric <=', { dynamodb: { SizeBytes: [{ numeric: ['<=', 58.9] }] } }, false],
  ['a range', { dynamodb: { SizeBytes: [{ numeric: ['>', 0, '<=', 59] }] } }, true],
  ['outside of a range', { dynamodb: { SizeBytes: [{ numeric: ['>', 0, '<', 59] }] } }, false],
  ['prefix', image('status', { S: [{ prefix: 'Pa' }] }), true],
  ['not the prefix', image('status', { S: [{ prefix: 'aid' }] }), false],
  ['suffix', image('status', { S: [{ suffix: 'aid' }] }), true],
  ['not the suffix', image('status', { S: [{ suffix: 'Pa' }] }), false],
  ['any case', image('status', { S: [{ 'equals-ignore-case': 'pAID' }] }), true],
  ['any case of another text', image('status', { S: [{ 'equals-ignore-case': 'pai' }] }), false],
  ['anything but', image('status', { S: [{ 'anything-but': ['open'] }] }), true],
  ['anything but what it is', image('status', { S: [{ 'anything-but': ['open', 'Paid'] }] }), false],
  ['anything but, of one', image('status', { S: [{ 'anything-but': 'Paid' }] }), false],
  ['anything but a prefix', image('status', { S: [{ 'anything-but': { prefix: 'P' } }] }), false],
  ['anything but, of what is absent', image('missing', { S: [{ 'anything-but': ['x'] }] }), false],
  ['anything but a number', { dynamodb: { SizeBytes: [{ 'anything-but': [59] }] } }, false],
  ['exists', image('status', { S: [{ exists: true }] }), true],
  ['does not exist', image('status', { S: [{ exists: false }] }), false],
  ['absent', image('missing', { S: [{ exists: false }] }), true],
  ['absent, but asked for', image('missing', { S: [{ exists: true }] }), false],
  ['a field of what is absent', { dynamodb: { OldImage: { status: { S: [{ exists: false }] } } } }, true],
  ['what is no leaf does not exist', { dynamodb: { NewImage: { status: [{ exists: true }] } } }, false],
  ['one of a set', image('tags', { SS: ['green'] }), true],
  ['none of a set', image('tags', { SS: ['blue'] }), false],
  ['one of a list', image('list', { L: { N: ['3'] } }), true],
  ['none of a list', image('list', { L: { N: ['4'] } }), false],
  ['either field', { $or: [{ eventName: ['REMOVE'] }, image('status', { S: ['Paid'] })] }, true],
  ['neither field', { $or: [{ eventName: ['REMOVE'] }, image('status', { S: ['open'] })] }, false],
  ['either, within', { dynamodb: { $or: [{ SizeBytes: [1] }, { SizeBytes: [59] }] } }, true],
  ['either, and a field', { eventName: ['REMOVE'], $or: [{ eventName: ['INSERT'] }] }, false],
  ['a field named as what objects inherit', image('toString', { S: ['own'] }), true],
  ['what objects inherit', { hasOwnProperty: { name: [{ exists: true }] } }, false],
]

for (const [name, pattern, expected] of ROWS)
  test(name, t => {
    t.is(matches(parsePattern(JSON.stringify(pattern)), RECORD), expected)
  })

test('numbers are compared by their text', t => {
  const at = (text: string) => matches(parsePattern(`{"dynamodb":{"SizeBytes":[${text}]}}`), RECORD)
  t.deepEqual([at('59'), at('59.0'), at('5.9e1')], [true, false, false])
})

test('a pattern may name __proto__', t => {
  const pattern = parsePattern('{"__proto__":{"a":["b"]}}')
  t.false(matches(pattern, RECORD))
  t.true(matches(pattern, JSON.parse('{"__proto__":{"a":"b"}}')))
})

const BROKEN = [
  '',
  '{',
  '[]',
  '"a"',
  '1',
  'null',
  '{"a":"b"}',
  '{"a":1}',
  '{"a":[]}',
  '{"a":[{}]}',
  '{"a":[{"prefix":1}]}',
  '{"a":[{"prefix":"a","suffix":"b"}]}',
  '{"a":[{"wildcard":"*"}]}',
  '{"a":[{"exists":"yes"}]}',
  '{"a":[{"anything-but":[]}]}',
  '{"a":[{"anything-but":[["b"]]}]}',
  '{"a":[{"anything-but":{"exists":true}}]}',
  '{"a":[{"numeric":[]}]}',
  '{"a":[{"numeric":[">"]}]}',
  '{"a":[{"numeric":["!",1]}]}',
  '{"a":[{"numeric":[">","1"]}]}',
  '{"a":[{"numeric":["<",1,">",2]}]}',
  '{"a":[{"numeric":[">",1,"<",2,"=",3]}]}',
  '{"a":[["b"]]}',
  '{"$or":{}}',
  '{"$or":[]}',
  '{"$or":["a"]}',
]

for (const text of BROKEN)
  test(`no pattern: ${text}`, t => {
    t.throws(() => parsePattern(text), { instanceOf: InvalidPattern })
  })

test('no text, and no record, breaks anything', t => {
  const pattern = fc.oneof(fc.string(), fc.json(), fc.constantFrom(...ROWS.map(([, one]) => JSON.stringify(one))))
  fc.assert(
    fc.property(pattern, fc.jsonValue(), (text, record) => {
      try {
        matches(parsePattern(text), record)
      } catch (error) {
        if (!(error instanceof InvalidPattern)) throw error
      }
    }),
    { numRuns: 500 },
  )
  const deep = `${'{"a":'.repeat(800)}["b"]${'}'.repeat(800)}`
  t.false(matches(parsePattern(deep), RECORD))
})
