/** Random commands, given to two leaders alike: one in this process, one behind the wire. */
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { WholeLeader } from '../../../server/cluster/leaders.ts'
import { rowKey } from '../../../server/codec/key.ts'
import { hashRange } from '../../../server/codec/range.ts'
import type { Condition, Operand, SetValue, Update } from '../../../server/expression/bound.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import { type AttributeValue, type Item, setOwn } from '../../../server/model/item.ts'
import { itemSize } from '../../../server/model/size.ts'
import type { RangeRequest, WriteCommand } from '../../../server/partition/command.ts'
import type { Action } from '../../../server/partition/transaction.ts'
import { RemoteError } from '../../../server/rpc/errors.ts'
import { INDEXED, key, partitionSchema } from '../partition/given.ts'
import { lead } from '../replica/fakes.ts'
import { connect } from './wire.ts'

const name = fc.oneof(
  fc.constantFrom('x', 'y', 'n', '__proto__', 'constructor', 'toString', 'owner', 'date', 'size', 'phase'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
)
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 5 }))
const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.map(S => ({ S })),
  fc.integer().map(n => ({ N: String(n) })),
  fc.base64String({ maxLength: 12 }).map(B => ({ B })),
  fc.boolean().map(BOOL => ({ BOOL })),
  fc.constant({ NULL: true }),
  fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map(SS => ({ SS })),
)
const { value } = fc.letrec<{ value: AttributeValue; map: Item }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }).map(L => ({ L })),
    tie('map').map(M => ({ M })),
  ),
  map: fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }).map(itemOf),
}))

function itemOf(attributes: [string, AttributeValue][]): Item {
  const item: Item = {}
  for (const [name, value] of attributes) setOwn(item, name, value)
  return item
}

const keyItem = fc.tuple(fc.constantFrom('a', 'b'), fc.nat(4)).map(([p, s]) => key(p, s))
const item = fc
  .tuple(keyItem, fc.array(fc.tuple(name, value), { maxLength: 4 }))
  .map(([keys, more]) => Object.assign(itemOf(more), keys))
const path = fc
  .array(fc.oneof(name, fc.nat(2)), { minLength: 1, maxLength: 3 })
  .map(([first, ...rest]) => [String(first), ...rest])
const operand: fc.Arbitrary<Operand & SetValue> = fc.oneof(
  path.map(path => ({ path })),
  value.map(value => ({ value })),
)
const condition: fc.Arbitrary<Condition> = fc.oneof(
  path.map(path => ({ kind: 'exists' as const, path })),
  path.map(path => ({ kind: 'notExists' as const, path })),
  fc.record({
    kind: fc.constant('compare' as const),
    comparator: fc.constantFrom('=' as const, '<>' as const, '<' as const),
    left: operand,
    right: operand,
  }),
)
const setValue = fc.oneof(
  operand,
  fc.record({ sign: fc.constantFrom('+' as const, '-' as const), left: operand, right: operand }),
)
const changes: fc.Arbitrary<Update> = fc.record({
  set: fc.array(fc.record({ path, value: setValue }), { maxLength: 2 }),
  remove: fc.array(path, { maxLength: 1 }),
  add: fc.constant<Update['add']>([]),
  delete: fc.constant<Update['delete']>([]),
})
const guard = fc.record(
  {
    condition,
    returnOnFailure: fc.boolean(),
    returnValues: fc.constantFrom('ALL_OLD' as const, 'NONE' as const),
  },
  { requiredKeys: [] },
)
const KEY = INDEXED.key
const command: fc.Arbitrary<WriteCommand> = fc.oneof(
  fc.tuple(item, guard).map(([item, guard]) => {
    return { kind: 'put' as const, key: rowKey(KEY, item), item, size: itemSize(item), ...guard }
  }),
  fc.tuple(keyItem, guard).map(([keyItem, guard]) => {
    return { kind: 'delete' as const, key: rowKey(KEY, keyItem), keyItem, ...guard }
  }),
  fc.tuple(keyItem, changes, guard).map(([keyItem, update, guard]) => {
    return { kind: 'update' as const, key: rowKey(KEY, keyItem), keyItem, update, ...guard }
  }),
)
const range: fc.Arbitrary<RangeRequest> = fc
  .record(
    {
      after: keyItem.map(keyItem => rowKey(KEY, keyItem)),
      reverse: fc.boolean(),
      limit: fc.integer({ min: 1, max: 5 }),
      maxBytes: fc.constantFrom(1, 100, 1e6),
      splice: fc.boolean(),
      index: fc.constantFrom('id of byDate', 'id of bySize'),
    },
    { requiredKeys: ['maxBytes'] },
  )
  .map(({ index, after, ...more }) => {
    const whole = { ...hashRange(0, 2 ** 32), ...more }
    return index === undefined ? { ...whole, after } : { ...whole, index }
  })

type Step =
  | { kind: 'write'; command: WriteCommand }
  | { kind: 'get'; key: Buffer }
  | { kind: 'range'; range: RangeRequest }
  | { kind: 'commit' | 'prepare'; transaction: string; actions: Action[]; token: string | undefined }

const step: fc.Arbitrary<Step> = fc.oneof(
  command.map(command => ({ kind: 'write' as const, command })),
  keyItem.map(keyItem => ({ kind: 'get' as const, key: rowKey(KEY, keyItem) })),
  range.map(range => ({ kind: 'range' as const, range })),
  fc.record({
    kind: fc.constantFrom('commit' as const, 'prepare' as const),
    transaction: fc.uuid(),
    actions: fc.uniqueArray(command, { minLength: 1, maxLength: 3, selector: ({ key }) => key.toString('hex') }),
    token: fc.option(fc.constantFrom('t', 'ü\ud800'), { nil: undefined }),
  }),
)

async function take(leader: WholeLeader, step: Step): Promise<unknown> {
  if (step.kind === 'write') return leader.write(step.command)
  if (step.kind === 'get') return leader.get(step.key)
  if (step.kind === 'range') return leader.range(step.range)
  const { transaction, actions, token } = step
  if (step.kind === 'commit') {
    const part = token === undefined ? undefined : { token, request: 'r', units: actions.map(() => 0), places: [0] }
    const places = actions.map((_, i) => i)
    const request = { transaction, began: Date.now(), actions, participants: [] }
    return leader.transactions.commit({ ...request, token: part && { ...part, places } })
  }
  const vote = await leader.transactions.prepare({ transaction, home: 'h', actions })
  if (vote.ticket) await leader.transactions.resolve({ transaction, ticket: vote.ticket }, { committed: 1 })
  return vote
}

/** As text, in which what is undefined and what is absent are the same, and the order of members is not. */
async function outcome(answer: Promise<unknown>): Promise<string> {
  try {
    return String(JSON.stringify(await answer, sorted))
  } catch (error) {
    if (error instanceof DynamoError) return `${error.status} ${error.consumed} ${error.toBody()}`
    return error instanceof RemoteError ? error.message : String(error)
  }
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

async function pair(t: ExecutionContext) {
  const [here, there] = await Promise.all([0, 1].map(() => lead({ schema: partitionSchema(INDEXED) })))
  const wire = await connect(there!.leader)
  t.teardown(async () => {
    await wire.close()
    for (const { leader } of [here!, there!]) leader.stop('the test is over')
  })
  return { here: here!.leader, there: wire.remote() }
}

test('a leader behind the wire does the same', async t => {
  const { here, there } = await pair(t)
  let refusals = 0
  const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
    for (const step of steps) {
      const [local, remote] = await Promise.all([outcome(take(here, step)), outcome(take(there, step))])
      t.is(remote, local)
      if (local.startsWith('400')) refusals += 1
    }
  })
  await fc.assert(property, { numRuns: 150 })
  t.true(refusals > 10)
})
