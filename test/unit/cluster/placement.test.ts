import test from 'ava'
import fc from 'fast-check'
import { systemRandom } from '../../../server/base/random.ts'
import { beginResharding } from '../../../server/cluster/growth/resharding.ts'
import { onOneNode, overNodes, partitionChanges, spread } from '../../../server/cluster/placement.ts'
import { partitionIds } from '../../../server/cluster/plan.ts'
import { type NodeRecord, nodeKey, PARTITIONS, parsePartition, partitionKey } from '../../../server/cluster/records.ts'
import { toldToAll, toldToSome } from '../../../server/cluster/versions.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { cut, globalIndex, table } from './given.ts'

const node = (name: string, zone: string): NodeRecord => ({ node: name, zone, pool: 'default', role: 'storage' })
const anyNodes = fc
  .array(fc.constantFrom('x', 'y', 'z'), { minLength: 1, maxLength: 7 })
  .map(zones => zones.map((zone, i) => node(`n${i}`, zone)))

function loadOf(places: string[][], name: string): number {
  return places.filter(nodes => nodes.includes(name)).length
}

test('replicas are on distinct nodes, in as many zones as there are, and leaders are even', t => {
  const property = fc.property(
    anyNodes,
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 3 }),
    (nodes, count, replicas) => {
      const places = spread(nodes, [], count, replicas)
      t.is(places.length, count)
      const zones = new Set(nodes.map(({ zone }) => zone)).size
      for (const place of places) {
        t.is(new Set(place).size, Math.min(replicas, nodes.length))
        const there = new Set(place.map(name => nodes.find(({ node }) => node === name)!.zone))
        t.is(there.size, Math.min(zones, place.length))
      }
      const leads = nodes.map(({ node }) => places.filter(([first]) => first === node).length)
      t.true(Math.max(...leads) - Math.min(...leads) <= 1)
    },
  )
  fc.assert(property, { numRuns: 200 })
})

test('replicas are even where zones are', t => {
  const nodes = ['x', 'y', 'z'].flatMap(zone => [node(`${zone}1`, zone), node(`${zone}2`, zone)])
  const places = spread(nodes, [], 30, 3)
  for (const { node } of nodes) t.is(loadOf(places, node), 15)
})

test('what is there already counts', t => {
  const nodes = [node('a', 'x'), node('b', 'y'), node('c', 'z')]
  const there = [1, 2, 3].map(i => ({ id: `p${i}`, tableId: 't', replicas: ['a', 'gone', 'b'] }))
  t.deepEqual(
    spread(nodes, there, 6, 1).map(([first]) => first),
    ['c', 'b', 'c', 'b', 'c', 'b'],
  )
})

test('partitions stay where they are when their table changes, and a change between is noticed', async t => {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const lease = await metadata.lease()
  for (const name of ['a', 'b', 'c', 'd'])
    await metadata.commit({
      guards: [],
      puts: [{ key: nodeKey(name), value: JSON.stringify(node(name, name)), lease }],
    })
  const placement = overNodes(metadata, 3, 2)
  const record = table()
  const first = await partitionChanges(metadata, placement, record)
  t.true(await metadata.commit(first))
  const replicas = async () => {
    const entries = await Promise.all(record.partitions.map(({ id }) => metadata.get(partitionKey(id))))
    return entries.map(entry => parsePartition(entry!.value).replicas)
  }
  const before = await replicas()
  t.deepEqual(
    before.map(({ length }) => length),
    [3, 3],
  )
  await metadata.commit({ guards: [], deletes: [nodeKey('a'), nodeKey('b')] })
  const second = await partitionChanges(metadata, placement, {
    ...record,
    schemaVersion: 2,
    globalIndexes: [globalIndex('g')],
  })
  t.is(second.puts.length, 4)
  t.false(await metadata.commit(first), 'they are there by now')
  t.true(await metadata.commit(second))
  t.deepEqual(await replicas(), before)
  await metadata.close()
})

test('those partitions are told of a change that it concerns; all of them, if all must know', async t => {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const placement = onOneNode('local', 4)
  const record = table({ partitions: cut(4), globalIndexes: [globalIndex('g')] })
  const [first, second, ...others] = record.partitions
  t.true(await metadata.commit(await partitionChanges(metadata, placement, record)))
  let before = record
  const told = async (next: TableRecord) => {
    const changes = await partitionChanges(metadata, placement, next, before)
    before = next
    t.deepEqual(
      changes.guards.map(({ key }) => key),
      changes.puts.map(({ key }) => key),
    )
    t.true(await metadata.commit(changes))
    return changes.puts.map(({ key }) => key.slice(PARTITIONS.length)).sort()
  }
  const begun = beginResharding(record, { parents: [first!, second!], cuts: [] }, () => 'id', 1)!
  const { resharding } = begun
  t.deepEqual(await told(begun), ['id'], 'those that are made')
  const filling: TableRecord = toldToSome({ ...begun, resharding: { ...resharding!, phase: 'filling' } })
  t.deepEqual(await told(filling), [first!.id, second!.id].sort())
  t.deepEqual(await told(toldToSome(filling)), [], 'nobody, of nothing')
  t.deepEqual(await told(toldToAll(filling)), partitionIds(filling).sort())
  const versions = await Promise.all(
    others.map(async ({ id }) => parsePartition((await metadata.get(partitionKey(id)))!.value).schema!.version),
  )
  t.deepEqual(versions, [4, 4])
  await metadata.close()
})

test('a cluster without storage nodes makes no partitions', async t => {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  await t.throwsAsync(partitionChanges(metadata, overNodes(metadata, 3, 1), table()), { name: 'InternalServerError' })
  await metadata.close()
})

test('a record that names one node, of before, is one replica; the only node has everything', async t => {
  t.deepEqual(parsePartition('{"id":"p","tableId":"t","node":"local"}'), { id: 'p', tableId: 't', replicas: ['local'] })
  t.deepEqual(await onOneNode('local', 4).place(2, await onOneNode('local', 4).wish('T')), [['local'], ['local']])
})
