import test from 'ava'
import { compileCondition } from '../../../server/expression/condition.ts'
import type { Item } from '../../../server/model/item.ts'
import { condition } from './given.ts'

const ITEM: Item = {
  s: { S: 'some text' },
  n: { N: '1' },
  b: { B: 'AQID' },
  bool: { BOOL: true },
  nul: { NULL: true },
  ss: { SS: ['a', 'b'] },
  ns: { NS: ['1', '2'] },
  bs: { BS: ['AQI=', 'AQID'] },
  l: { L: [{ S: 'x' }, { M: { a: { N: '1' } } }, { L: [] }] },
  m: { M: { a: { N: '1' }, deep: { M: { l: { L: [{ S: 'found' }] } } } } },
  grin: { S: '😀' },
}

/** Constants beside those of `given.ts`. */
const VALUES = {
  ':s': { S: 'text' },
  ':some': { S: 'some' },
  ':all': { S: 'some text' },
  ':n': { N: '1' },
  ':two': { N: '2' },
  ':big': { N: '10' },
  ':b': { B: 'AQ==' },
  ':b23': { B: 'AgM=' },
  ':bool': { BOOL: true },
  ':nul': { NULL: true },
  ':ss': { SS: ['b', 'a'] },
  ':a': { S: 'a' },
  ':m': { M: { a: { N: '1' } } },
  ':S': { S: 'S' },
  ':NULL': { S: 'NULL' },
  ':M': { S: 'M' },
  ':found': { S: 'found' },
}

function evaluate(text: string, item: Item | undefined): boolean {
  const used = Object.entries(VALUES).filter(([name]) => new RegExp(`${name}(?!\\w)`).test(text))
  const values = used.length === 0 ? {} : { ExpressionAttributeValues: structuredClone(Object.fromEntries(used)) }
  return compileCondition(condition(text, values))(item)
}

const TRUE = [
  's = :all',
  's <> :s',
  'n = :n',
  'n <> :s',
  'ss = :ss',
  'm.a = :n',
  'l[1] = :m',
  'l[1].a = n',
  'm.deep.l[0] = :found',
  'bool = :bool',
  'nul = :nul',
  'n < :two',
  ':big > n',
  'n BETWEEN :n AND :n',
  'n BETWEEN :n AND absent OR n = :n',
  'b > :b',
  'b BETWEEN :b AND :b23',
  's IN (absent, :s, :all)',
  'attribute_exists(nul)',
  'attribute_exists(m.deep.l[0])',
  'attribute_not_exists(m.x)',
  'attribute_not_exists(l[3])',
  'attribute_not_exists(s.x)',
  'attribute_not_exists(m[0])',
  'attribute_not_exists(l.a)',
  'attribute_not_exists(toString)',
  'attribute_type(s, :S)',
  'attribute_type(nul, :NULL)',
  'attribute_type(l[1], :M)',
  'begins_with(s, :some)',
  'begins_with(b, :b)',
  'begins_with(:all, :some)',
  'contains(s, :s)',
  'contains(b, :b23)',
  'contains(ss, :a)',
  'contains(ns, n)',
  'contains(bs, b)',
  'contains(l, :m)',
  'contains(:all, :s)',
  'size(s) > size(ss)',
  'size(ss) = :two',
  'size(m) = :two',
  'size(b) > :two',
  'size(grin) = :two',
  'size(:ss) = :two',
  'absent <> :n',
  'absent <> elsewhere',
  'NOT absent = :n',
  'NOT n < :n AND n <= :n',
  'n = :two OR n = :n AND s = :all',
  'NOT (n = :two OR s = :s)',
]

const FALSE = [
  's = :s',
  'n = :s',
  'n <> :n',
  'absent = :n',
  'absent = elsewhere',
  'absent < :n',
  'n < :s',
  's < n',
  'n > :big',
  'bool < n',
  'n BETWEEN :two AND :big',
  'n BETWEEN absent AND :two',
  's IN (:s, absent)',
  'absent IN (elsewhere, :s)',
  'attribute_exists(m.x)',
  'attribute_not_exists(nul)',
  'attribute_type(absent, :S)',
  'attribute_type(n, :S)',
  'begins_with(s, :s)',
  'begins_with(n, :s)',
  'begins_with(b, :some)',
  'contains(s, n)',
  'contains(n, :n)',
  'contains(ss, n)',
  'contains(m, :a)',
  'contains(absent, :s)',
  'size(n) = :n',
  'size(n) <> :n',
  'size(absent) <> :n',
  'size(bool) < :n',
  'size(s) = :s',
  '(n = :two OR n = :n) AND s = :s',
]

for (const text of TRUE) test(`true: ${text}`, t => t.true(evaluate(text, ITEM)))
for (const text of FALSE) test(`false: ${text}`, t => t.false(evaluate(text, ITEM)))

test('a missing item has no attributes', t => {
  t.true(evaluate('attribute_not_exists(s)', undefined))
  t.true(evaluate('s <> :s', undefined))
  t.false(evaluate('s = :s', undefined))
  t.false(evaluate('attribute_exists(m.a)', undefined))
})

test('searching is quick in the worst of texts', t => {
  const half = 'a'.repeat(100_000)
  const text = half.repeat(4)
  const found = (needle: string) =>
    compileCondition({ kind: 'contains', operand: { path: ['x'] }, needle: { value: { S: needle } } })({
      x: { S: text },
    })
  const foundBytes = (needle: string) =>
    compileCondition({
      kind: 'contains',
      operand: { path: ['x'] },
      needle: { value: { B: Buffer.from(needle).toString('base64') } },
    })({ x: { B: Buffer.from(text).toString('base64') } })
  const start = performance.now()
  t.false(found(`${half}b${half}`))
  t.false(foundBytes(`${half}b${half}`))
  t.true(found(half))
  t.true(foundBytes(half))
  t.true(performance.now() - start < 3000)
})
