/** Broken and hostile texts: refused as DynamoDB refuses, or taken, but never anything else, and never slowly. */
import test from 'ava'
import fc from 'fast-check'
import { bindExpressions } from '../../../server/expression/bind.ts'
import { compileCondition } from '../../../server/expression/condition.ts'
import { applyUpdate } from '../../../server/expression/update.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import { refusalOf, VALUES } from './given.ts'

const KINDS = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
] as const

const TOKENS = (
  '( ) ( ) [ ] . , = <> < <= > >= + - ! a b c status #a #b #missing :s :n :l :ss :missing 0 7 99999999999 AND OR NOT ' +
  'BETWEEN IN SET REMOVE ADD DELETE size contains begins_with attribute_exists attribute_type if_not_exists list_append ' +
  'foo SET a = :s a = :s a = :n'
).split(' ')

const ITEM = { a: { N: '1' }, b: { L: [{ S: 'x' }] }, c: { M: { a: { SS: ['a'] } } } }

function take(kind: (typeof KINDS)[number], text: string): void {
  try {
    const bound = bindExpressions({
      [kind]: text,
      ...(text.includes(':') && { ExpressionAttributeValues: usedOf(VALUES, text) }),
      ...(text.includes('#') && { ExpressionAttributeNames: usedOf({ '#a': 'a', '#b': 'b' }, text) }),
    })
    if (bound.condition) compileCondition(bound.condition)(ITEM)
    if (bound.update) applyUpdate(bound.update, ITEM)
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error
  }
}

function usedOf<T>(all: Record<string, T>, text: string): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => new RegExp(`${name}(?!\\w)`).test(text)))
}

test('token soup', t => {
  const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 24 }).map(tokens => tokens.join(' '))
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.oneof(soup, fc.string({ unit: 'binary', maxLength: 40 })), take),
    { numRuns: 4000 },
  )
  t.pass()
})

const DEEP: [string, string][] = [
  ['opening parentheses', '('.repeat(4096)],
  ['parentheses around a condition', `${'('.repeat(2040)}a = :s${')'.repeat(2040)}`],
  ['parentheses around an operand', `a = ${'('.repeat(2040)}:s${')'.repeat(2040)}`],
  ['NOT', `${'NOT '.repeat(1020)}a = :s`],
  ['NOT and parentheses', `${'NOT('.repeat(800)}a=:s${')'.repeat(800)}`],
  ['AND and parentheses', `${'(a=:s AND '.repeat(370)}a=:s${')'.repeat(370)}`],
  ['size', `${'size('.repeat(680)}a${')'.repeat(680)}=:n`],
  ['unfinished size', 'size('.repeat(819)],
  ['contains', `${'contains('.repeat(400)}a`],
  ['BETWEEN', 'a BETWEEN '.repeat(400)],
  ['IN', 'a IN ('.repeat(500)],
  ['path', `a${'.a'.repeat(2000)}`],
  ['indexes', `a${'[0]'.repeat(1300)} = :s`],
  ['spaces', `a ${' '.repeat(4000)}`],
  ['commas', ','.repeat(4096)],
  ['hashes', '#'.repeat(4096)],
  ['update: parentheses', `SET a = ${'('.repeat(2040)}b${')'.repeat(2040)}`],
  ['update: opening parentheses', `SET a = ${'('.repeat(4088)}`],
  ['update: sums', `SET a = ${'('.repeat(1000)}b${'+:n)'.repeat(700)}`],
  ['update: if_not_exists', `SET a = ${'if_not_exists(x,'.repeat(230)}:s${')'.repeat(230)}`],
  ['update: list_append', `SET a = ${'list_append(b,'.repeat(250)}:l${')'.repeat(250)}`],
  ['update: list_append on the left', `SET a = ${'list_append('.repeat(250)}:l${',b)'.repeat(250)}`],
  ['update: removals', `REMOVE ${Array.from({ length: 1000 }, (_, i) => `b[${i}]`).join()}`.slice(0, 4090)],
]

for (const [name, text] of DEEP) {
  test(`4,096 characters of ${name}`, t => {
    const start = performance.now()
    for (const kind of KINDS) take(kind, text)
    t.true(performance.now() - start < 2000)
  })
}

test('the deepest that is legal is bound, compiled and applied', t => {
  const nested = `${'(a=:n AND '.repeat(149)}a=:n${')'.repeat(149)}`
  const { condition } = bindExpressions({
    ConditionExpression: nested,
    ExpressionAttributeValues: { ':n': { N: '1' } },
  })
  t.true(compileCondition(condition!)(ITEM))
  const list = bindExpressions({
    UpdateExpression: `SET a = ${'list_append(b,'.repeat(250)}:l${')'.repeat(250)}`,
    ExpressionAttributeValues: { ':l': { L: [{ N: '1' }] } },
  }).update!
  t.is(applyUpdate(list, ITEM).a?.L?.length, 251)
})

test('a short text that repeats a large value does not make a huge item', t => {
  const large = { L: Array.from({ length: 100_000 }, () => ({ NULL: true })) }
  const message = 'Item size to update has exceeded the maximum allowed size'
  const start = performance.now()
  const nested = `SET a = ${'list_append(b,'.repeat(250)}b${')'.repeat(250)}`
  const many = `SET ${Array.from({ length: 600 }, (_, i) => `a${i}=b`).join()}`
  for (const text of [nested, many]) {
    const { update } = bindExpressions({ UpdateExpression: text })
    t.is(
      refusalOf(() => applyUpdate(update!, { b: large })),
      message,
    )
  }
  t.true(performance.now() - start < 3000)
})

test('what is parsed once is parsed the same again, after many others', t => {
  const first = bindExpressions({ ProjectionExpression: 'a, b.c' }).projection
  for (let i = 0; i < 2000; i++) t.deepEqual(bindExpressions({ ProjectionExpression: `x${i}` }).projection, [[`x${i}`]])
  t.deepEqual(bindExpressions({ ProjectionExpression: 'a, b.c' }).projection, first)
})
