import test from 'ava'
import { type DynamoError, validation } from '../../../server/model/errors.ts'
import type { Item } from '../../../server/model/item.ts'
import type { TableSchema } from '../../../server/model/schema.ts'
import { itemSize } from '../../../server/model/size.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import { type Evaluation, evaluate } from '../../../server/partition/evaluate.ts'
import { INDEXED, item, key, N, PLAIN, put, remove, S, update } from './given.ts'

function run(command: WriteCommand, before?: Item, table: TableSchema = PLAIN): Evaluation {
  const image = before && { json: JSON.stringify(before), size: itemSize(before) }
  return evaluate(table, command, { size: () => image?.size, image: () => image })
}

function refusal(command: WriteCommand, before?: Item, table?: TableSchema): DynamoError {
  try {
    run(command, before, table)
  } catch (error) {
    return error as DynamoError
  }
  throw new Error('nothing was refused')
}

const after = ({ effect }: Evaluation): Item | undefined => effect?.image && JSON.parse(effect.image.json)
const attributes = ({ outcome }: Evaluation) => outcome.attributes && JSON.parse(outcome.attributes)

const BIG = item('p', 1, { x: S('x'.repeat(3000)) })
const ONE = item('p', 1, { x: N(1), y: S('y') })

test('a put replaces the item and costs the larger of the two', t => {
  t.deepEqual(after(run(put(ONE), BIG)), ONE)
  t.deepEqual(run(put(ONE)).effect!.before, undefined)
  t.is(run(put(ONE), BIG).effect!.before, itemSize(BIG))
  t.deepEqual(
    [run(put(ONE)), run(put(ONE), BIG), run(put(BIG))].map(({ outcome }) => outcome.units.table),
    [1, 3, 3],
  )
  t.is(run(put(ONE)).effect!.image!.size, itemSize(ONE))
})

test('a put or a delete returns the old item if asked, and there is one', t => {
  for (const command of [put(BIG, { returnValues: 'ALL_OLD' }), remove(key('p', 1), { returnValues: 'ALL_OLD' })]) {
    t.deepEqual(attributes(run(command, ONE)), ONE)
    t.is(run(command).outcome.attributes, undefined)
  }
  t.is(run(put(BIG), ONE).outcome.attributes, undefined)
})

test('a delete removes the item; of a missing one it changes nothing and costs one unit', t => {
  const { effect, outcome } = run(remove(key('p', 1)), BIG)
  t.deepEqual([effect!.image, effect!.before, outcome.units.table], [undefined, itemSize(BIG), 3])
  t.deepEqual(run(remove(key('p', 1))), {
    effect: undefined,
    outcome: { attributes: undefined, units: { table: 1, indexes: {} } },
  })
})

test('an update changes what it names, or makes the item', t => {
  const increment = { UpdateExpression: 'ADD x :one SET z = :one', ExpressionAttributeValues: { ':one': N(1) } }
  t.deepEqual(after(run(update(key('p', 1), increment), ONE)), { ...ONE, x: N(2), z: N(1) })
  t.deepEqual(after(run(update(key('p', 1), increment))), item('p', 1, { x: N(1), z: N(1) }))
  t.deepEqual(after(run(update(key('p', 1)))), key('p', 1))
})

test('an update that changes nothing writes nothing, and costs as if it did', t => {
  for (const expression of ['REMOVE nothing', 'SET x = x']) {
    const { effect, outcome } = run(update(key('p', 1), { UpdateExpression: expression, returnValues: 'ALL_NEW' }), {
      ...BIG,
    })
    t.is(effect, undefined)
    t.is(outcome.units.table, 3)
    t.deepEqual(JSON.parse(outcome.attributes!), BIG)
  }
  t.is(run(update(key('p', 1)), ONE).effect, undefined)
})

test('an update returns what it is asked for', t => {
  const change = { UpdateExpression: 'SET x = :two REMOVE y', ExpressionAttributeValues: { ':two': N(2) } }
  const returned = (returnValues: 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW' | 'NONE', before?: Item) =>
    attributes(run(update(key('p', 1), { ...change, returnValues }), before))
  t.deepEqual(returned('ALL_OLD', ONE), ONE)
  t.deepEqual(returned('ALL_NEW', ONE), item('p', 1, { x: N(2) }))
  t.deepEqual(returned('UPDATED_OLD', ONE), { x: N(1), y: S('y') })
  t.deepEqual(returned('UPDATED_NEW', ONE), { x: N(2) })
  t.is(returned('NONE', ONE), undefined)
  t.is(returned('ALL_OLD'), undefined)
  t.is(returned('UPDATED_OLD'), undefined)
  t.deepEqual(returned('UPDATED_NEW'), { x: N(2) })
})

test('a condition that does not hold refuses the write, with the item if asked', t => {
  const isTwo = { ConditionExpression: 'x = :two', ExpressionAttributeValues: { ':two': N(2) } }
  const isNew = { ConditionExpression: 'attribute_not_exists(p)' }
  for (const make of [put.bind(null, ONE), remove.bind(null, key('p', 1)), update.bind(null, key('p', 1))]) {
    const error = refusal(make(isTwo), ONE)
    t.deepEqual(
      [error.code, error.message, error.members],
      ['ConditionalCheckFailedException', 'The conditional request failed', undefined],
    )
    t.deepEqual(refusal(make({ ...isTwo, returnOnFailure: true }), ONE).members, { Item: ONE })
    t.is(refusal(make({ ...isTwo, returnOnFailure: true })).members, undefined)
    t.is(refusal(make(isNew), ONE).code, 'ConditionalCheckFailedException')
    t.notThrows(() => run(make(isNew)))
    t.notThrows(() => run(make(isTwo), { ...ONE, x: N(2) }))
  }
})

test('an update that makes the item too large is refused', t => {
  const grow = (length: number) =>
    update(key('p', 1), { UpdateExpression: 'SET z = :z', ExpressionAttributeValues: { ':z': S('z'.repeat(length)) } })
  t.notThrows(() => run(grow(409_000)))
  t.deepEqual(refusal(grow(409_600)), validation('Item size to update has exceeded the maximum allowed size'))
})

test('index keys of another type are refused, by the first index in the order of names', t => {
  const bad = put(item('p', 1, { date: N(1), owner: S('o') }))
  t.regex(refusal(bad, undefined, INDEXED).message, /Type mismatch for Index Key date .*IndexName: byDate/)
  const set = { UpdateExpression: 'SET phase = :n', ExpressionAttributeValues: { ':n': N(1) } }
  t.is(refusal(update(key('p', 1), set), undefined, INDEXED).code, 'ValidationException')
  t.notThrows(() =>
    run(update(key('p', 1), { UpdateExpression: 'SET x = phase' }), item('p', 1, { phase: N(1) }), INDEXED),
  )
})

test('an item and its rows in local indexes fit into the limit together', t => {
  const half = item('p', 1, { date: S('d'), x: S('x'.repeat(210_000)) })
  t.notThrows(() => run(put(half), undefined, PLAIN))
  t.regex(refusal(put(half), undefined, INDEXED).message, /Item size has exceeded the maximum allowed size/)
})

test('the rows of all indexes follow, and cost units where they changed', t => {
  const old = item('p', 1, { date: S('1'), size: N(1), owner: S('o'), phase: S('s'), x: N(1), y: N(1) })
  const step = (before: Item | undefined, now: Item) => run(put(now), before, INDEXED).outcome.units
  t.deepEqual(step(undefined, old), { table: 1, indexes: { byDate: 1, byOwner: 1, bySize: 1, byPhase: 1 } })
  t.deepEqual(step(old, old), { table: 1, indexes: {} })
  t.deepEqual(step(old, { ...old, y: N(2) }), { table: 1, indexes: { byDate: 1, byPhase: 1 } })
  t.deepEqual(step(old, { ...old, x: N(2) }), { table: 1, indexes: { byDate: 1, byOwner: 1, byPhase: 1 } })
  t.deepEqual(step(old, { ...old, size: N(2) }), { table: 1, indexes: { byDate: 1, bySize: 2, byPhase: 1 } })
  t.deepEqual(step(old, { ...old, owner: S('other') }), { table: 1, indexes: { byDate: 1, byOwner: 2, byPhase: 1 } })
  t.deepEqual(step(old, key('p', 1)), { table: 1, indexes: { byDate: 1, byOwner: 1, bySize: 1, byPhase: 1 } })
})
