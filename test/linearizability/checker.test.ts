import test from 'ava'
import fc from 'fast-check'
import { randomOf } from '../campaigns/random.ts'
import { check } from './checker.ts'
import type { Op, Operation, Result, Value } from './history.ts'
import { agrees, step } from './model.ts'
import { Workload } from './workload.ts'

const DONE: Result = { kind: 'done' }
const saw = (value: Value): Result => ({ kind: 'value', value })
const get: Op = { kind: 'get' }
const put = (value: Value): Op => ({ kind: 'put', value })
const putIf = (expected: Value, value: Value): Op => ({ kind: 'putIf', expected, value })
const add = (by: number): Op => ({ kind: 'add', by })

let clients = 0
function did(called: number, returned: number, op: Op, result: Result): Operation {
  return { client: ++clients, key: 'k', op, called, returned, result }
}
function lost(called: number, op: Op): Operation {
  return { client: ++clients, key: 'k', op, called, returned: undefined, result: undefined }
}

const BAD: Record<string, Operation[]> = {
  'a stale read': [did(1, 2, put('a'), DONE), did(3, 4, put('b'), DONE), did(5, 6, get, saw('a'))],
  'a read that goes back': [
    did(1, 2, put('a'), DONE),
    did(3, 9, put('b'), DONE),
    did(4, 5, get, saw('b')),
    did(6, 7, get, saw('a')),
  ],
  'a lost update': [did(1, 2, add(1), saw(1)), did(3, 5, add(1), saw(2)), did(4, 6, add(1), saw(2))],
  'a lost write': [did(1, 2, put('a'), DONE), did(3, 4, get, saw(undefined))],
  'a dirty read of a refused write': [
    did(1, 2, put('a'), DONE),
    did(3, 6, putIf('x', 'b'), { kind: 'refused' }),
    did(4, 5, get, saw('b')),
  ],
  'a value from nowhere': [did(1, 2, put('a'), DONE), did(3, 4, get, saw('b'))],
  'a read before its write': [did(1, 2, get, saw('a')), did(3, 4, put('a'), DONE)],
  'two that both found it free': [did(1, 4, putIf(undefined, 'a'), DONE), did(2, 3, putIf(undefined, 'b'), DONE)],
  'a refusal that nothing explains': [
    did(1, 2, put('a'), DONE),
    did(3, 4, putIf('a', 'b'), { kind: 'refused', found: { value: 'z' } }),
  ],
  'a deleted item that is back': [
    did(1, 2, put('a'), DONE),
    did(3, 4, { kind: 'delete' }, DONE),
    did(5, 6, get, saw('a')),
  ],
  'an unknown write that happens twice': [
    lost(1, put('a')),
    did(2, 3, get, saw('a')),
    did(4, 5, put('b'), DONE),
    did(6, 7, get, saw('a')),
  ],
  'an unknown write that is taken back': [lost(1, put('a')), did(2, 3, get, saw('a')), did(4, 5, get, saw(undefined))],
  'an unknown write before its call': [did(1, 2, get, saw('a')), lost(3, put('a'))],
}

for (const [name, history] of Object.entries(BAD)) {
  test(`refused: ${name}`, t => {
    const verdict = check(history)
    t.false(verdict.valid)
    t.true(!verdict.valid && history.includes(verdict.operation))
    const other = history.map(operation => ({ ...operation, key: 'other' }))
    t.is(check([did(1, 2, put('x'), DONE), ...other]).valid, false, 'beside another key')
  })
}

const GOOD: Record<string, Operation[]> = {
  nothing: [],
  'overlapping writes in either order': [
    did(1, 10, put('a'), DONE),
    did(2, 9, put('b'), DONE),
    did(11, 12, get, saw('a')),
    did(13, 14, get, saw('a')),
  ],
  'an unknown write, much later': [
    lost(1, put('a')),
    did(2, 3, put('b'), DONE),
    did(4, 5, get, saw('b')),
    did(6, 7, get, saw('a')),
  ],
  'an unknown write, never': [did(1, 2, put('a'), DONE), lost(3, put('b')), did(4, 5, get, saw('a'))],
  'a refusal that an unknown write explains': [
    did(1, 2, put('a'), DONE),
    lost(3, put('b')),
    did(4, 5, putIf('a', 'c'), { kind: 'refused' }),
    did(6, 7, get, saw('b')),
  ],
  'unknown additions, some of them': [
    lost(1, add(1)),
    lost(1, add(2)),
    lost(1, add(4)),
    did(2, 3, add(1), saw(6)),
    did(4, 5, get, saw(6)),
    did(8, 9, get, saw(8)),
  ],
  'what touches is concurrent': [did(1, 2, put('a'), DONE), did(2, 3, get, saw(undefined))],
}

for (const [name, history] of Object.entries(GOOD)) {
  test(`accepted: ${name}`, t => t.deepEqual(check(history), { valid: true }))
}

/** All orders, all choices of what never happened: slow, and plainly right. */
function bruteForce(operations: Operation[], state: Value = undefined): boolean {
  if (operations.every(({ returned }) => returned === undefined)) return true
  const firstReturn = Math.min(...operations.map(({ returned }) => returned ?? Number.POSITIVE_INFINITY))
  return operations.some((operation, i) => {
    if (operation.called > firstReturn) return false
    const taken = step(state, operation.op)
    if (!taken || !agrees(operation.result, taken.result)) return false
    return bruteForce(operations.toSpliced(i, 1), taken.state)
  })
}

const value = fc.constantFrom<Value>('a', 'b', undefined)
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  fc.constant(get),
  value.map(put),
  fc.tuple(value, value).map(([expected, next]) => putIf(expected, next)),
)
const anyResult = (op: Op): fc.Arbitrary<Result> => {
  if (op.kind === 'get') return value.map(saw)
  return op.kind === 'putIf' ? fc.constantFrom<Result>(DONE, { kind: 'refused' }) : fc.constant(DONE)
}
const anyOperation = anyOp.chain(op =>
  fc.record({
    client: fc.nat(9),
    key: fc.constant('k'),
    op: fc.constant(op),
    called: fc.nat(12),
    length: fc.nat(6),
    result: fc.option(anyResult(op), { nil: undefined, freq: 4 }),
  }),
)

test('it says what trying everything says', t => {
  const verdicts = { good: 0, bad: 0 }
  const property = fc.property(fc.array(anyOperation, { maxLength: 7 }), drawn => {
    const history = drawn.map(({ length, ...operation }) => ({
      ...operation,
      returned: operation.result && operation.called + length,
    }))
    const expected = bruteForce(history)
    verdicts[expected ? 'good' : 'bad'] += 1
    t.is(check(history).valid, expected, JSON.stringify(history))
  })
  fc.assert(property, { numRuns: 3000 })
  t.true(verdicts.good > 300 && verdicts.bad > 300)
})

/** What happens at one instant each, in order, is spread in time: others are called before, and return after. */
function spreadHistory(seed: number, count: number, clients: number, unknown: number): Operation[] {
  const choices = randomOf(seed, 0)
  const workload = new Workload(choices, ['a', 'b'], ['n'])
  const states = new Map<string, Value>()
  const free = Array.from({ length: clients }, () => 0)
  return Array.from({ length: count }, (_, i) => {
    const now = (i + 1) * 10
    const client = choices.pick([...free.keys()].filter(client => free[client]! < now))
    const { key, op } = workload.next()
    const called = Math.max(free[client]!, now - choices.below(clients * 8))
    const isUnknown = choices.chance(unknown)
    const happens = !isUnknown || choices.chance(0.5)
    const taken = step(states.get(key), op)!
    if (happens) states.set(key, taken.state)
    free[client] = now + (isUnknown ? 5 : choices.below(clients * 8))
    const operation: Operation = { client, key, op, called, returned: undefined, result: undefined }
    if (!isUnknown) Object.assign(operation, { returned: free[client], result: taken.result })
    workload.heard(operation)
    return operation
  })
}

test('what was made from a sequence is accepted, and spoiled is not', t => {
  for (let seed = 1; seed <= 40; seed++) {
    const history = spreadHistory(seed, 300, 5, 0.03)
    t.deepEqual(check(history), { valid: true }, `seed ${seed}`)
    const reads = history.filter(({ op, result }) => op.kind === 'get' && result)
    const spoiled = reads[reads.length >> 1]!
    spoiled.result = saw(typeof (spoiled.result as { value: Value }).value === 'number' ? 1e9 : 'nobody put this')
    t.false(check(history).valid, `seed ${seed}`)
  }
})

test('ten thousand operations are checked in seconds', t => {
  for (const [clients, unknown] of [
    [10, 0],
    [10, 0.01],
  ] as const) {
    const history = spreadHistory(7, 10_000, clients, unknown)
    const start = performance.now()
    t.deepEqual(check(history), { valid: true })
    const ms = performance.now() - start
    t.log(`${clients} clients, ${unknown * 100} % unknown: ${Math.round(ms)} ms`)
    t.true(ms < 10_000)
  }
})
