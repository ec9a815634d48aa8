import test from 'ava'
import { createTable } from '../../../server/api/CreateTable.ts'
import { describeTable } from '../../../server/api/DescribeTable.ts'
import { updateTable } from '../../../server/api/UpdateTable.ts'
import type { GlobalIndexRecord } from '../../../server/model/table.ts'
import {
  definitions,
  IN_USE,
  INVALID,
  type Json,
  keySchema,
  refused,
  simple,
  units,
  type World,
  world,
} from './world.ts'

const ALL = { ProjectionType: 'ALL' }
const DEFINED = definitions('h:S', 'r:S', 'x:S')

/** `Tab` with the local index `Loc` and the global index `Ind` on `x`. */
async function withIndexes(request: object = {}, index: object = {}): Promise<World> {
  const w = world()
  const definition = {
    AttributeDefinitions: DEFINED,
    KeySchema: keySchema('h', 'r'),
    LocalSecondaryIndexes: [{ IndexName: 'Loc', KeySchema: keySchema('h', 'x'), Projection: ALL }],
    GlobalSecondaryIndexes: [{ IndexName: 'Ind', KeySchema: keySchema('x'), Projection: ALL, ...index }],
    ...request,
  }
  await w.run(createTable, simple(definition))
  w.settle()
  return w
}

const provisioned = () => withIndexes({ ProvisionedThroughput: units(5, 5) }, { ProvisionedThroughput: units(5, 5) })

async function update(w: World, updates: object[], request: object = {}): Promise<Json> {
  const answer = await w.run(updateTable, { TableName: 'Tab', GlobalSecondaryIndexUpdates: updates, ...request })
  return answer.TableDescription
}

async function describe(w: World): Promise<Json> {
  return (await w.run(describeTable, { TableName: 'Tab' })).Table
}

function put(w: World, change: Partial<GlobalIndexRecord>): void {
  w.put('Tab', { globalIndexes: w.record('Tab').globalIndexes.map(index => ({ ...index, ...change })) })
}

const create = (IndexName: string, key = keySchema('y'), more: object = {}) => ({
  Create: { IndexName, KeySchema: key, Projection: ALL, ...more },
})
const remove = (IndexName: string) => ({ Delete: { IndexName } })
const change = (IndexName: string, more: object) => ({ Update: { IndexName, ...more } })
const Y = { AttributeDefinitions: definitions('y:N') }
const ONE_ONLINE = 'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table'

const refusals: [what: string, updates: object[], request: object, code: string, message: string][] = [
  [
    'no action',
    [{}],
    {},
    'ValidationException',
    `${INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null`,
  ],
  [
    'two actions',
    [{ ...create('New'), ...remove('Ind') }],
    Y,
    'ValidationException',
    `${INVALID}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object`,
  ],
  [
    'one index twice',
    [remove('Ind'), create('Ind')],
    Y,
    'ValidationException',
    `${INVALID}Only one global secondary index update per index is allowed simultaneously. Index: Ind`,
  ],
  [
    'a global index that exists',
    [create('Ind')],
    Y,
    'ValidationException',
    'Attempting to create an index which already exists',
  ],
  [
    'a local index that exists',
    [create('Loc')],
    Y,
    'ValidationException',
    'Attempting to create an index which already exists',
  ],
  [
    'no definitions',
    [create('New')],
    {},
    'ValidationException',
    `${INVALID}AttributeDefinitions is not specified for index: New`,
  ],
  [
    'a key that is not in the request',
    [create('New', keySchema('x', 'y'))],
    Y,
    'ValidationException',
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [x, y], AttributeDefinitions: [y]`,
  ],
  [
    'an attribute of another type',
    [create('New')],
    { AttributeDefinitions: definitions('y:N', 'h:N') },
    'ValidationException',
    'Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. Existing schema: Schema:[SchemaElement: key{h:S:HASH}, SchemaElement: key{r:S:RANGE}] New schema: Schema:[SchemaElement: key{h:N:HASH}, SchemaElement: key{r:S:RANGE}]',
  ],
  ['two new indexes', [create('New'), create('Newer')], Y, 'LimitExceededException', ONE_ONLINE],
  ['a new one for an old one', [create('New'), remove('Ind')], Y, 'LimitExceededException', ONE_ONLINE],
  [
    'deletion of a local index',
    [remove('Loc')],
    {},
    'ValidationException',
    'Cannot delete an index that is not a GlobalSecondaryIndex: Loc',
  ],
  [
    'deletion of an unknown index',
    [remove('Not')],
    {},
    'ResourceNotFoundException',
    'Requested resource not found: Index Not for table Tab',
  ],
  [
    'throughput of an unknown index',
    [change('Not', { OnDemandThroughput: { MaxReadRequestUnits: 1 } })],
    {},
    'ResourceNotFoundException',
    'Requested resource not found: Index Not for table Tab',
  ],
  [
    'throughput on demand',
    [create('New', keySchema('y'), { ProvisionedThroughput: units(1, 1) })],
    Y,
    'ValidationException',
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: New when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    'a switch to provisioned without the index',
    [],
    { BillingMode: 'PROVISIONED', ProvisionedThroughput: units(1, 1) },
    'ValidationException',
    `${INVALID}ProvisionedThroughput must be specified for index: Ind`,
  ],
]

for (const [what, updates, request, code, message] of refusals) {
  test(`UpdateTable refuses: ${what}`, async t => {
    const w = await withIndexes()
    const before = w.record('Tab')
    await refused(t, update(w, updates, request), code, message)
    t.is(w.record('Tab'), before)
  })
}

test('a new index: shown at once, kept without partitions, active when built', async t => {
  const w = await withIndexes()
  const answer = await update(w, [create('New', keySchema('y', 'x'))], {
    AttributeDefinitions: definitions('y:N', 'x:S', 'unused:B'),
  })
  t.is(answer.TableStatus, 'UPDATING')
  t.deepEqual(answer.AttributeDefinitions, definitions('h:S', 'r:S', 'x:S', 'y:N'))
  t.like(answer.GlobalSecondaryIndexes[1], { IndexName: 'New', IndexStatus: 'CREATING', Backfilling: false })
  t.deepEqual(w.record('Tab').globalIndexes[1]!.partitions, [])
  put(w, { backfilling: true })
  t.is((await describe(w)).GlobalSecondaryIndexes[1].Backfilling, true)
  w.settle()
  const [, built] = (await describe(w)).GlobalSecondaryIndexes
  t.is(built.IndexStatus, 'ACTIVE')
  t.false('Backfilling' in built)
})

test('an index removed takes its definitions along', async t => {
  const w = await withIndexes()
  await update(w, [create('New')], Y)
  w.settle()
  const answer = await update(w, [remove('New')])
  t.deepEqual(
    answer.GlobalSecondaryIndexes.map((index: Json) => index.IndexStatus),
    ['ACTIVE', 'DELETING'],
  )
  w.settle()
  const after = await describe(w)
  t.is(after.GlobalSecondaryIndexes.length, 1)
  t.deepEqual(after.AttributeDefinitions, DEFINED)
})

test('no index is made or removed while another is', async t => {
  const w = await withIndexes()
  await update(w, [create('New')], Y)
  await refused(t, update(w, [create('Newer')], Y), 'LimitExceededException', ONE_ONLINE)
  await refused(t, update(w, [remove('Ind')]), 'LimitExceededException', ONE_ONLINE)
  await refused(
    t,
    update(w, [remove('New')]),
    'ResourceInUseException',
    `${IN_USE}Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. Table: Tab Index: New`,
  )
  await refused(
    t,
    update(w, [change('New', { OnDemandThroughput: { MaxReadRequestUnits: 1 } })]),
    'ResourceInUseException',
    `${IN_USE}Index is being created but is not backfilling yet. Table: Tab Index: New`,
  )
})

test('an index can be removed while it is backfilling, once', async t => {
  const w = await withIndexes()
  await update(w, [create('New')], Y)
  w.put('Tab', {
    status: 'ACTIVE',
    globalIndexes: w
      .record('Tab')
      .globalIndexes.map(index => (index.name === 'New' ? { ...index, backfilling: true } : index)),
  })
  await update(w, [remove('New')])
  await refused(
    t,
    update(w, [remove('New')]),
    'ResourceInUseException',
    `${IN_USE}Index is being deleted. Table: Tab Index: New`,
  )
})

test('the throughput of a table waits for its new index', async t => {
  const w = await provisioned()
  await update(w, [create('New', keySchema('y'), { ProvisionedThroughput: units(1, 1) })], Y)
  const request = { TableName: 'Tab', ProvisionedThroughput: units(9, 9) }
  await refused(
    t,
    w.run(updateTable, request),
    'ResourceInUseException',
    `${IN_USE}Can't change table IOPS when an index is being created. Table: Tab Indexes: [New]`,
  )
})

test('a 21st index is one too many', async t => {
  const w = await withIndexes()
  const [index] = w.record('Tab').globalIndexes
  w.put('Tab', { globalIndexes: Array.from({ length: 20 }, (_, i) => ({ ...index!, name: `Ind${i}` })) })
  const limit = 'Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20'
  await refused(t, update(w, [create('New')], Y), 'LimitExceededException', limit)
})

test('throughput of an index', async t => {
  const w = await provisioned()
  const answer = await update(w, [change('Ind', { ProvisionedThroughput: units(7, 4) })])
  t.like(answer, { TableStatus: 'UPDATING' })
  t.like(answer.GlobalSecondaryIndexes[0].ProvisionedThroughput, units(5, 5))
  w.settle()
  const after = await describe(w)
  t.like(after.GlobalSecondaryIndexes[0].ProvisionedThroughput, { NumberOfDecreasesToday: 1, ...units(7, 4) })
  t.is(after.ProvisionedThroughput.NumberOfDecreasesToday, 0)
  const error = await t.throwsAsync(update(w, [change('Ind', { ProvisionedThroughput: units(7, 4) })]))
  t.regex(error.message, /^The provisioned throughput for the index Ind will not change\. /)
})

test('throughput of the table and of its index in one request', async t => {
  const w = await provisioned()
  await update(w, [change('Ind', { ProvisionedThroughput: units(8, 8) })], { ProvisionedThroughput: units(9, 9) })
  const after = await describe(w)
  t.like(after.ProvisionedThroughput, units(9, 9))
  t.like(after.GlobalSecondaryIndexes[0].ProvisionedThroughput, units(8, 8))
})

test('a switch of billing mode takes the indexes along', async t => {
  const w = await provisioned()
  await w.run(updateTable, { TableName: 'Tab', BillingMode: 'PAY_PER_REQUEST' })
  w.settle()
  const [onDemand] = (await describe(w)).GlobalSecondaryIndexes
  t.like(onDemand.ProvisionedThroughput, units(0, 0))
  t.like(onDemand.WarmThroughput, { ReadUnitsPerSecond: 12_000 })
  await update(w, [change('Ind', { ProvisionedThroughput: units(2, 3) })], {
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: units(4, 4),
  })
  t.like((await describe(w)).GlobalSecondaryIndexes[0].ProvisionedThroughput, units(2, 3))
})
