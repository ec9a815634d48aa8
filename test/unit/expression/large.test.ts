/** What a request of 16 MB has room for, against a page of many items: no more work than the sum of both. */
import test, { type ExecutionContext } from 'ava'
import { compileCondition } from '../../../server/expression/condition.ts'
import { attributesToGet, filterCondition, type LegacyUpdate, legacyUpdate } from '../../../server/expression/legacy.ts'
import { conditionPaths, updatePaths } from '../../../server/expression/paths.ts'
import { compileProjection } from '../../../server/expression/projection.ts'
import { applyUpdate } from '../../../server/expression/update.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import { condition, refusalOf } from './given.ts'

const MANY = 300_000

function numbered<T>(count: number, make: (i: number) => T): { [name: string]: T } {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`name${i}`, make(i)]))
}

function takesLessThan(t: ExecutionContext, seconds: number, run: () => void): void {
  const start = performance.now()
  run()
  t.true(performance.now() - start < seconds * 1000)
}

test('many AttributeUpdates', t => {
  const update = legacyUpdate(numbered<LegacyUpdate>(MANY, () => ({ Value: { S: '' } })))
  takesLessThan(t, 5, () => {
    t.is(updatePaths(update).length, MANY)
    t.is(Object.keys(applyUpdate(update, { id: { S: 'x' } })).length, MANY + 1)
  })
})

test('the choices of a legacy IN', t => {
  const choices = Array.from({ length: MANY }, (_, i) => ({ S: String(i) }))
  const bound = filterCondition({ a: { ComparisonOperator: 'IN', AttributeValueList: choices } }, undefined)!
  t.deepEqual(conditionPaths(bound), [['a']])
  const isIn = compileCondition(bound)
  takesLessThan(t, 2, () => {
    for (let i = 0; i < 20_000; i++) t.is(isIn({ a: { S: String(i * 100) } }), i * 100 < MANY)
  })
})

test('many choices are what few are', t => {
  const scalars: AttributeValue[] = [{ S: '1' }, { N: '1' }, { B: 'AAAA' }, { S: 'AAAA' }, { S: '' }]
  const others: AttributeValue[] = [{ BOOL: true }, { L: [{ S: '1' }] }, { SS: ['1'] }, { N: '2' }]
  for (const choice of scalars) {
    const operand = { path: ['a'] }
    const few = compileCondition({ kind: 'in', operand, choices: [{ value: choice }] })
    const many = compileCondition({ kind: 'in', operand, choices: Array(20).fill({ value: choice }) })
    for (const value of [...scalars, ...others]) t.is(many({ a: value }), few({ a: value }))
    t.false(many({}))
    t.false(many(undefined))
  }
})

test('choices that are no scalars, or no constants', t => {
  const operand = { path: ['a'] }
  const lists = Array.from({ length: 20 }, (_, i) => ({ value: { L: [{ N: String(i) }] } }))
  t.true(compileCondition({ kind: 'in', operand, choices: lists })({ a: { L: [{ N: '7' }] } }))
  const paths = Array.from({ length: 20 }, (_, i) => ({ path: [`b${i}`] }))
  t.true(compileCondition({ kind: 'in', operand, choices: paths })({ a: { N: '7' }, b7: { N: '7' } }))
})

test('many AttributesToGet', t => {
  const names = Array.from({ length: MANY }, (_, i) => `name${i}`)
  const project = compileProjection(attributesToGet([...names, '__proto__']))
  takesLessThan(t, 2, () => {
    for (let i = 0; i < 10_000; i++) {
      const item: Item = { other: { S: 'x' }, [`name${i}`]: { S: 'y' }, ['__proto__']: { S: 'z' } }
      t.deepEqual(project(item), { [`name${i}`]: { S: 'y' }, ['__proto__']: { S: 'z' } })
    }
  })
})

test('as many filters as an expression may have operators', t => {
  const filters = (count: number) => numbered(count, () => ({ ComparisonOperator: 'NULL' as const }))
  t.is(
    refusalOf(() => filterCondition(filters(300), 'OR')),
    'nothing was refused',
  )
  t.is(
    refusalOf(() => filterCondition(filters(301), 'OR')),
    'One or more parameter values were invalid: Too many conditions; condition count: 301',
  )
})

const BYTES = Buffer.alloc(1_500_000, 1).toString('base64')

const CONSTANTS: [text: string, constant: AttributeValue, item: Item, expected: boolean][] = [
  ['a = :large', { M: numbered(100_000, () => ({ BOOL: true })) }, { a: { M: {} } }, false],
  ['contains(a, :large)', { M: numbered(100_000, () => ({ BOOL: true })) }, { a: { L: [{ M: {} }] } }, false],
  ['size(:large) > a', { M: numbered(100_000, () => ({ BOOL: true })) }, { a: { N: '99999' } }, true],
  ['size(:large) > a', { B: BYTES }, { a: { N: '1' } }, true],
  ['a < :large', { B: BYTES }, { a: { B: 'AQ==' } }, true],
  ['a < :large', { B: BYTES }, { a: { B: 'Ag==' } }, false],
  ['begins_with(a, :large)', { B: BYTES }, { a: { B: 'AQ==' } }, false],
  ['contains(a, :large)', { B: BYTES }, { a: { B: 'AQ==' } }, false],
]

for (const [text, constant, item, expected] of CONSTANTS) {
  test(`a large constant, and many items: ${text} of ${Object.keys(constant)} and ${JSON.stringify(item)}`, t => {
    const passes = compileCondition(condition(text, { ExpressionAttributeValues: { ':large': constant } }))
    takesLessThan(t, 2, () => {
      for (let i = 0; i < 20_000; i++) if (passes({ ...item }) !== expected) t.fail()
    })
    t.pass()
  })
}
