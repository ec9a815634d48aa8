/** Leaderships that are given away: the key goes from hand to hand, and those who ask are told who leads. */
import test from 'ava'
import { LEADERS, type LeaderRecord, parsePartition, partitionKey } from '../../../server/cluster/records.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { Nodes, type StorageNode } from '../../helpers/nodes.ts'
import { until } from '../replica/fakes.ts'
import { request } from './clients.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 30_000

/** The node that holds the key of each partition, or none, as they followed each other. */
async function holders(nodes: Nodes): Promise<Map<string, (string | undefined)[]>> {
  const held = new Map<string, (string | undefined)[]>()
  await nodes.metadata.watch(LEADERS, changes => {
    for (const { key, entry } of changes) {
      const id = key.slice(LEADERS.length)
      const node = entry && (JSON.parse(entry.value) as LeaderRecord).node
      const all = held.get(id) ?? []
      if (all.at(-1) !== node || all.length === 0) held.set(id, [...all, node])
    }
  })
  return held
}

/** Every node follows, or leads, all of them. */
async function allHold(nodes: Nodes, table: TableRecord): Promise<void> {
  const hold = (id: string) => [...nodes.running.values()].every(({ host }) => host.replica(id)?.standing.applied)
  await until(() => ids(table).every(hold), PATIENCE_MS)
}

function ids({ partitions }: TableRecord): string[] {
  return partitions.map(({ id }) => id)
}

test.serial('the key goes from the one that leaves to the next, and is never free', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 6 })
  const table = await nodes.table('T')
  await allHold(nodes, table)
  const held = await holders(nodes)
  const { name } = nodes.leading(table.partitions[0]!.id)!
  const led = ids(table).filter(id => nodes.leading(id)!.name === name)
  const { host } = nodes.node(name)
  await host.leave()
  for (const id of led) {
    t.is(held.get(id)!.length, 2, `${held.get(id)}`)
    t.false(held.get(id)!.includes(undefined))
    t.is(await host.successor(id), held.get(id)!.at(-1))
    t.truthy(nodes.leader(id), 'it leads by the time that is told')
  }
  await nodes.stop(name)
  for (let i = 0; i < 20; i++) await request(nodes, table, `k${i}`, { kind: 'put', value: 'v' })
})

test.serial('nobody can take over: the key is free, and whoever can leads', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 1 })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  const old = nodes.leading(id)!
  // All others are leaving as well, and one of them comes back.
  const others = [...nodes.running.values()].filter(node => node !== old)
  for (const { host } of others) await host.leave()
  await nodes.stop(old.name)
  t.is(nodes.leading(id), undefined)
  await nodes.stop(others[0]!.name)
  await nodes.run(others[0]!.name)
  await until(() => nodes.leader(id) !== undefined, PATIENCE_MS)
  await request(nodes, table, 'a', { kind: 'put', value: 'v' })
  t.pass()
})

test.serial('a replica takes over only from the leader that gives the key away, and only with all it had', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 1 })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  await allHold(nodes, table)
  await request(nodes, table, 'a', { kind: 'put', value: 'v' })
  const old = nodes.leading(id)!
  const other = [...nodes.running.values()].find(node => node !== old)!
  const { epoch } = old.host.leader(id)!
  const { applied } = old.host.replica(id)!.bequest()
  await t.throwsAsync(other.host.succeed(id, { epoch: epoch - 1, applied }), { message: /given up/ })
  t.is(other.host.leader(id), undefined)
  const more = { position: applied.position + 5, chain: 'another' }
  await t.throwsAsync(other.host.succeed(id, { epoch, applied: more }), { message: /lost entries/ })
  await until(() => nodes.leader(id) !== undefined, PATIENCE_MS)
  t.deepEqual(await request(nodes, table, 'a', { kind: 'get' }), { kind: 'value', value: 'v' })
})

test.serial('a node that is leaving is given nothing, be it wished for or not', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 1 })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  await allHold(nodes, table)
  const old = nodes.leading(id)!
  const [leaving, staying] = [...nodes.running.values()].filter(node => node !== old) as [StorageNode, StorageNode]
  await leaving.host.leave()
  t.throws(() => leaving.host.expect(id), { instanceOf: NotLeading })
  // The wish was made before it was known that it leaves.
  const held = await holders(nodes)
  const entry = (await nodes.metadata.get(partitionKey(id)))!
  const wished = { ...parsePartition(entry.value), lead: { node: leaving.name, since: 1 } }
  await nodes.metadata.commit({ guards: [], puts: [{ key: entry.key, value: JSON.stringify(wished) }] })
  await until(() => old.host.leader(id) !== undefined)
  await request(nodes, table, 'a', { kind: 'put', value: 'v' })
  await old.host.leave()
  t.deepEqual(held.get(id), [old.name, staying.name])
  t.is(await old.host.successor(id), staying.name)
})

test.serial('who asks the heir meanwhile waits for it, not for ever', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 1 })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  await allHold(nodes, table)
  const old = nodes.leading(id)!
  const heir = [...nodes.running.values()].find(node => node !== old)!
  t.throws(() => old.host.expect(id), { instanceOf: NotLeading })
  heir.host.expect(id)
  const { epoch } = old.host.leader(id)!
  const { applied, entries } = old.host.replica(id)!.bequest()
  const arrival = heir.host.arrival(id)
  t.truthy(arrival)
  await heir.host.succeed(id, { epoch, applied, entries })
  await arrival
  t.truthy(heir.host.leader(id))
  t.is(heir.host.arrival(id), undefined)
  heir.host.replica(id)!.stepDown('the test says so')
  heir.host.expect(id)
  await t.throwsAsync(heir.host.succeed(id, { epoch: epoch - 1, applied }))
  t.is(heir.host.arrival(id), undefined)
})
