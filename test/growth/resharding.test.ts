/** Partitions that are split and merged under load, by nodes that may die. */
import test, { type ExecutionContext } from 'ava'
import { systemRandom } from '../../server/base/random.ts'
import { beginResharding, type Cuts } from '../../server/cluster/growth/resharding.ts'
import { partitionKey } from '../../server/cluster/records.ts'
import type { PartitionSlice, TableRecord } from '../../server/model/table.ts'
import { Nodes } from '../helpers/nodes.ts'
import { globalIndex } from '../unit/cluster/given.ts'
import { Clients, rowsOf } from '../unit/failover/clients.ts'
import { item, put, S } from '../unit/partition/given.ts'
import { until } from '../unit/replica/fakes.ts'

const PATIENCE_MS = 30_000
const HASHES = 2 ** 32

const byOwner = () =>
  globalIndex('byOwner', {
    keySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
    partitions: [],
    status: 'CREATING',
  })

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function reshard(nodes: Nodes, name: string, cutsOf: (table: TableRecord) => Cuts): Promise<TableRecord> {
  await nodes.catalog.change(
    name,
    (current, now) => beginResharding(current, cutsOf(current), systemRandom.uuid, now) ?? current,
  )
  await until(() => nodes.catalog.find(name)!.resharding === undefined, PATIENCE_MS)
  return nodes.catalog.find(name)!
}

const middle = ({ from, to }: PartitionSlice) => Math.floor((from + to) / 2)
const splitAll = ({ partitions }: { partitions: PartitionSlice[] }): Cuts => ({
  parents: partitions,
  cuts: partitions.flatMap((slice, i) => (i === 0 ? [] : [slice.from]).concat(middle(slice))),
})
const ofIndex = (cutsOf: (slices: { partitions: PartitionSlice[] }) => Cuts) => (table: TableRecord) => ({
  ...cutsOf(table.globalIndexes[0]!),
  index: table.globalIndexes[0]!.id,
})
const mergeAll = ({ partitions }: { partitions: PartitionSlice[] }): Cuts => ({ parents: partitions, cuts: [] })

/** Items beside those that the clients change. */
async function fill(nodes: Nodes, table: TableRecord, count: number): Promise<void> {
  const writes = Array.from({ length: count }, (_, i) =>
    nodes.router.write(table, put(item(`filler ${i}`, i, { owner: S(`o${i % 7}`), v: S('x'.repeat(i)) }))),
  )
  await Promise.all(writes)
}

function covers(t: ExecutionContext, { partitions }: { partitions: PartitionSlice[] }): void {
  t.is(partitions[0]!.from, 0)
  t.is(partitions.at(-1)!.to, HASHES)
  for (const [i, { from }] of partitions.entries()) if (i > 0) t.is(from, partitions[i - 1]!.to)
}

test.serial('a table grows and shrinks under load: nothing is lost, nothing is stale, no request fails', async t => {
  const nodes = await Nodes.start(t)
  const table = await nodes.table('T', [byOwner()])
  await fill(nodes, table, 300)
  const clients = new Clients(t, nodes, table, 1)
  await sleep(200)
  let grown = await reshard(nodes, 'T', splitAll)
  t.is(grown.partitions.length, 4)
  covers(t, grown)
  await sleep(200)
  grown = await reshard(nodes, 'T', splitAll)
  t.is(grown.partitions.length, 8)
  await sleep(200)
  grown = await reshard(nodes, 'T', mergeAll)
  t.is(grown.partitions.length, 1)
  covers(t, grown)
  await sleep(200)
  await clients.verify(t)
  t.deepEqual(clients.errors, [])
  const rows = await rowsOf(nodes, grown, false)
  t.is(rows.filter(({ p }) => p!.S!.startsWith('filler')).length, 300)
  // Nobody needs what the old ones have decided: they go.
  await until(() => nodes.catalog.find('T')!.retired === undefined, PATIENCE_MS)
  for (const { id } of table.partitions) t.is(await nodes.metadata.get(partitionKey(id)), undefined)
})

test.serial('nodes die while partitions are split', async t => {
  const nodes = await Nodes.start(t)
  const table = await nodes.table('T', [byOwner()])
  await fill(nodes, table, 300)
  const clients = new Clients(t, nodes, table, 2)
  for (const wait of [0, 20, 60, 120]) {
    const { partitions } = nodes.catalog.find('T')!
    const going = reshard(nodes, 'T', partitions.length > 4 ? mergeAll : splitAll)
    await sleep(wait)
    const { name } = nodes.leading(partitions[0]!.id) ?? nodes.running.values().next().value!
    await nodes.kill(name)
    covers(t, await going)
    await nodes.run(name)
  }
  await clients.verify(t)
  const rows = await rowsOf(nodes, nodes.catalog.find('T')!, false)
  t.is(rows.filter(({ p }) => p!.S!.startsWith('filler')).length, 300)
})

test.serial("an index's partitions are split and merged under load, and nodes die meanwhile", async t => {
  const nodes = await Nodes.start(t)
  const table = await nodes.table('T', [byOwner()])
  await fill(nodes, table, 300)
  const clients = new Clients(t, nodes, table, 3)
  await sleep(100)
  let grown = await reshard(nodes, 'T', ofIndex(splitAll))
  t.is(grown.globalIndexes[0]!.partitions.length, 4)
  await sleep(100)
  grown = await reshard(nodes, 'T', splitAll)
  await sleep(100)
  grown = await reshard(nodes, 'T', ofIndex(mergeAll))
  t.is(grown.globalIndexes[0]!.partitions.length, 1)
  covers(t, grown.globalIndexes[0]!)
  t.deepEqual(clients.errors, [])
  for (const wait of [20, 100]) {
    const { partitions } = nodes.catalog.find('T')!.globalIndexes[0]!
    const going = reshard(nodes, 'T', ofIndex(partitions.length > 2 ? mergeAll : splitAll))
    await sleep(wait)
    const { name } = nodes.leading(partitions[0]!.id) ?? nodes.running.values().next().value!
    await nodes.kill(name)
    await going
    await nodes.run(name)
  }
  await clients.verify(t)
  for (const { id } of table.globalIndexes[0]!.partitions) t.is(await nodes.metadata.get(partitionKey(id)), undefined)
})

test('what can not begin', t => {
  const slices = [
    { id: 'a', from: 0, to: 10 },
    { id: 'b', from: 10, to: HASHES },
  ]
  const table = { status: 'ACTIVE', partitions: slices } as unknown as TableRecord
  const begin = (cuts: Cuts, of = table) => beginResharding(of, cuts, () => 'new', 0)
  t.deepEqual(begin({ parents: [slices[0]!], cuts: [4] })!.resharding!.children, [
    { id: 'new', from: 0, to: 4 },
    { id: 'new', from: 4, to: 10 },
  ])
  t.is(begin({ parents: [], cuts: [] }), undefined)
  t.is(begin({ parents: [slices[0]!], cuts: [0] }), undefined)
  t.is(begin({ parents: [slices[0]!], cuts: [10] }), undefined)
  t.is(begin({ parents: slices, cuts: [20, 5] }), undefined)
  t.is(begin({ parents: [{ id: 'c', from: 0, to: 10 }], cuts: [5] }), undefined)
  t.is(begin({ parents: slices, cuts: [] }, { ...table, status: 'DELETING' }), undefined)
  const three = [...slices.slice(0, 1), { id: 'b', from: 10, to: 20 }, { id: 'c', from: 20, to: HASHES }]
  t.is(begin({ parents: [three[0]!, three[2]!], cuts: [] }, { ...table, partitions: three }), undefined, 'a gap')
})
