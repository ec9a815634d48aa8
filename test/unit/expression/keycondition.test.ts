import test from 'ava'
import type { KeyConditionTerm } from '../../../server/expression/bound.ts'
import { resolveKeyCondition } from '../../../server/expression/keycondition.ts'
import type { KeySchema } from '../../../server/model/schema.ts'
import { bindOne, refusalOf } from './given.ts'

const HASH_ONLY: KeySchema = { hash: [{ name: 'pk', type: 'S' }], range: [] }
const COMPOSITE: KeySchema = { hash: [{ name: 'pk', type: 'S' }], range: [{ name: 'sk', type: 'N' }] }
const BINARY: KeySchema = { hash: [{ name: 'pk', type: 'S' }], range: [{ name: 'sk', type: 'B' }] }
const MULTIPLE: KeySchema = {
  hash: [
    { name: 'h1', type: 'S' },
    { name: 'h2', type: 'N' },
  ],
  range: [
    { name: 'r1', type: 'S' },
    { name: 'r2', type: 'N' },
    { name: 'r3', type: 'S' },
  ],
}

function terms(text: string): KeyConditionTerm[] {
  return bindOne({ KeyConditionExpression: text }).keyCondition!
}

const refused: [string, string][] = [
  ['pk = :s OR sk = :n', 'Invalid operator used in KeyConditionExpression: OR'],
  ['NOT pk = :s', 'Invalid operator used in KeyConditionExpression: NOT'],
  ['pk IN (:s)', 'Invalid operator used in KeyConditionExpression: IN'],
  ['pk <> :s', 'Invalid operator used in KeyConditionExpression: <>'],
  ['attribute_exists(pk)', 'Invalid operator used in KeyConditionExpression: attribute_exists'],
  ['attribute_not_exists(pk)', 'Invalid operator used in KeyConditionExpression: attribute_not_exists'],
  ['attribute_type(pk, :typeN)', 'Invalid operator used in KeyConditionExpression: attribute_type'],
  ['pk = :s AND contains(sk, :s)', 'Invalid operator used in KeyConditionExpression: contains'],
  ['size(pk) = :n', 'KeyConditionExpressions cannot contain nested operations'],
  [
    ':s BETWEEN pk AND :s',
    'Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first operand',
  ],
  [
    'begins_with(:s, pk)',
    'Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first operand',
  ],
  ['pk = sk', 'Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition'],
  [
    'pk BETWEEN :s AND sk',
    'Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition',
  ],
  [':s = :n', 'Invalid condition in KeyConditionExpression: No key attribute specified'],
  ['pk.a = :s', 'KeyConditionExpressions cannot have conditions on nested attributes'],
  ['pk = :s AND pk = :n', 'KeyConditionExpressions must only contain one condition per key'],
]

for (const [text, message] of refused) {
  test(`${text}: ${message}`, t => {
    t.is(
      refusalOf(() => terms(text)),
      message,
    )
  })
}

test('unused values are complained of before what a key condition may not say', t => {
  const message = refusalOf(() =>
    bindOne({ KeyConditionExpression: 'a <> b', ExpressionAttributeValues: { ':x': { S: '' } } }),
  )
  t.is(message, 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}')
})

test('parentheses are free, and conditions are found in any order', t => {
  const expected = [
    { attribute: 'pk', operator: '=', values: [{ S: 'text' }] },
    { attribute: 'sk', operator: '>', values: [{ N: '1' }] },
  ]
  for (const text of ['pk = :s AND sk > :n', '(pk = :s) AND (sk > :n)', '(pk = :s AND (sk > :n))']) {
    t.deepEqual(terms(text), expected as KeyConditionTerm[])
  }
  t.deepEqual(terms(':n < sk AND :s = pk'), expected.toReversed() as KeyConditionTerm[])
  t.deepEqual(resolveKeyCondition(terms(':n < sk AND :s = pk'), COMPOSITE), {
    hash: [{ S: 'text' }],
    range: [{ operator: '>', values: [{ N: '1' }] }],
  })
})

test('constants on the left mirror the operator', t => {
  for (const [written, mirrored] of [
    ['=', '='],
    ['<', '>'],
    ['<=', '>='],
    ['>', '<'],
    ['>=', '<='],
  ]) {
    t.is(terms(`:n ${written} sk`)[0]!.operator, mirrored as KeyConditionTerm['operator'])
  }
})

const unresolved: [string, KeySchema, string][] = [
  ['sk = :n', COMPOSITE, 'Query condition missed key schema element: pk'],
  ['a = :s', COMPOSITE, 'Query condition missed key schema element: pk'],
  ['pk = :s AND a = :s', COMPOSITE, 'Query condition missed key schema element: sk'],
  ['pk = :s AND a = :s', HASH_ONLY, 'Query key condition not supported'],
  ['pk > :s', COMPOSITE, 'Query key condition not supported'],
  ['pk > :s AND sk = :n', COMPOSITE, 'Query key condition not supported'],
  ['pk = :s AND sk = :n AND a = :n', COMPOSITE, 'Conditions can be of length 1 or 2 only'],
  [
    'pk = :n',
    COMPOSITE,
    'One or more parameter values were invalid: Condition parameter type does not match schema type',
  ],
  [
    'pk = :s AND begins_with(sk, :s)',
    COMPOSITE,
    'One or more parameter values were invalid: Condition parameter type does not match schema type',
  ],
  ['h1 = :s', MULTIPLE, 'Query condition missed key schema element: h2'],
  ['h1 = :s AND h2 = :n AND r2 = :n', MULTIPLE, 'Query key condition not supported'],
  ['h1 = :s AND h2 = :n AND r1 > :s AND r2 = :n', MULTIPLE, 'Query key condition not supported'],
  ['h1 = :s AND h2 > :n', MULTIPLE, 'Query key condition not supported'],
  ['h1 = :s AND h2 = :n AND a = :n', MULTIPLE, 'Query key condition not supported'],
]

for (const [text, key, message] of unresolved) {
  test(`${text}, of ${key.hash.length} and ${key.range.length}: ${message}`, t => {
    t.is(
      refusalOf(() => resolveKeyCondition(terms(text), key)),
      message,
    )
  })
}

test('no condition at all', t => {
  t.is(
    refusalOf(() => resolveKeyCondition([], COMPOSITE)),
    'Conditions can be of length 1 or 2 only',
  )
})

test('keys of several attributes', t => {
  const text = 'r2 BETWEEN :n AND :n AND h2 = :n AND r1 = :s AND h1 = :s'
  t.deepEqual(resolveKeyCondition(terms(text), MULTIPLE), {
    hash: [{ S: 'text' }, { N: '1' }],
    range: [
      { operator: '=', values: [{ S: 'text' }] },
      { operator: 'BETWEEN', values: [{ N: '1' }, { N: '1' }] },
    ],
  })
})

test('empty constants', t => {
  const empty = (value: object) => [
    { attribute: 'pk', operator: '=', values: [{ S: 'a' }] },
    { attribute: 'sk', operator: 'BETWEEN', values: [value, value] },
  ]
  const text =
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty'
  t.is(
    refusalOf(() => resolveKeyCondition(empty({ B: '' }) as KeyConditionTerm[], BINARY)),
    `${text} binary value. Key: sk`,
  )
  t.is(
    refusalOf(() => resolveKeyCondition([{ attribute: 'pk', operator: '=', values: [{ S: '' }] }], COMPOSITE)),
    `${text} string value. Key: pk`,
  )
})
