/** What is told of a cluster: in sentences, and as a person reads it. */
import test from 'ava'
import { systemRandom } from '../../../server/base/random.ts'
import { lookAtCluster } from '../../../server/cluster/looking.ts'
import {
  absenceKey,
  drainKey,
  KEEPER,
  leaderKey,
  nodeKey,
  type PartitionRecord,
  partitionKey,
  tableKey,
} from '../../../server/cluster/records.ts'
import type { ReplicaReport } from '../../../server/cluster/report.ts'
import { statusText } from '../../../server/cluster/statustext.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { table } from '../cluster/given.ts'
import { clock } from '../replica/fakes.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const slices = [1, 2].map(i => ({ id: `p${i}`, from: 0, to: 1 }))

/** A table of two partitions on a, b and c; `c` is away, the second one moves from `b` to `d`. */
async function made(
  changes: { [key: string]: object | undefined } = {},
  reports: { [node: string]: Partial<ReplicaReport>[] } = {},
) {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const partition = (id: string, more: Partial<PartitionRecord> = {}) => ({
    id,
    tableId: 't',
    replicas: ['a', 'b', 'c'],
    ...more,
  })
  const node = (name: string) => ({ node: name, zone: `zone-${name}`, address: `http://${name}`, role: 'storage' })
  const records: { [key: string]: object | undefined } = {
    [KEEPER]: { placement: { pool: 'default', replicas: 3, partitions: 1 }, repairAfterMs: 600_000 },
    [tableKey({ account: '1', region: 'r' }, 'orders')]: table({ name: 'orders', id: 't', partitions: slices }),
    [partitionKey('p1')]: partition('p1'),
    [partitionKey('p2')]: partition('p2', { move: { joining: 'd', leaving: 'b', why: 'drain', since: NOW - 30_000 } }),
    [leaderKey('p1')]: { node: 'a', epoch: 1 },
    [leaderKey('p2')]: { node: 'b', epoch: 1 },
    ...Object.fromEntries(['a', 'b', 'd'].map(name => [nodeKey(name), node(name)])),
    [drainKey('b')]: { since: 1 },
    [absenceKey('c')]: { since: NOW - 240_000, zone: 'zone-c', pool: 'default' },
    ...changes,
  }
  const puts = Object.entries(records).flatMap(([key, value]) => (value ? [{ key, value: JSON.stringify(value) }] : []))
  await metadata.commit({ guards: [], puts })
  const report = (partition: string, more: Partial<ReplicaReport> = {}): ReplicaReport => {
    return { partition, state: 'following', applied: 5000, end: 5000, bytes: 1000, ...more }
  }
  const told: { [node: string]: ReplicaReport[] } = {
    a: [report('p1', { state: 'leading' }), report('p2')],
    b: [report('p1', { applied: 4990 }), report('p2', { state: 'leading' })],
    d: [report('p2', { state: 'opening', applied: 0, bytes: 0, received: 400 })],
  }
  for (const [node, replicas] of Object.entries(reports))
    told[node] = replicas.map(({ partition, ...more }) => report(partition!, more))
  const reporters = { report: async ({ node }: { node: string }) => told[node] ?? Promise.reject(new Error('silent')) }
  const status = await lookAtCluster({ metadata, reporters, clock: { ...clock, now: () => NOW } })
  await metadata.close()
  return status
}

test('nodes, tables, partitions and moves', async t => {
  const { at, nodes, tables, partitions, moves } = await made()
  t.is(at, '2026-01-02T03:04:05.000Z')
  t.deepEqual(nodes[2], {
    ...{ name: 'c', zone: 'zone-c', pool: 'default', address: null, live: false },
    ...{ awaySince: '2026-01-02T03:00:05.000Z', draining: false, replicas: 2, healthy: 0, leaders: 0, empty: false },
  })
  t.like(nodes[1], { name: 'b', live: true, draining: true, replicas: 2, healthy: 2, leaders: 1, empty: false })
  t.deepEqual(tables, [
    {
      name: 'orders',
      id: 't',
      pool: 'default',
      partitions: 2,
      replicas: { wanted: 3, healthy: 2 },
      status: 'ACTIVE',
      led: 2,
    },
  ])
  t.like(partitions[0], { id: 'p1', name: 'orders/1', table: 'orders', leader: 'a' })
  t.deepEqual(partitions[0]!.replicas[1], { node: 'b', state: 'following', healthy: true, lag: 10, bytes: 1000 })
  t.deepEqual(partitions[0]!.replicas[2], { node: 'c', state: 'away', healthy: false, lag: null, bytes: 0 })
  t.deepEqual(moves, [
    {
      ...{ partition: 'p2', name: 'orders/2', why: 'drain', to: 'd', from: 'b' },
      ...{ since: '2026-01-02T03:03:35.000Z', step: 'copying', progress: 0.4 },
    },
  ])
})

test('changes that wait for NATS: of each table, by its leaders’ words', async t => {
  const leads = (partition: string, publishLagMs: number) => ({ partition, state: 'leading' as const, publishLagMs })
  // That of a node that leads no more counts nothing.
  const old = { ...leads('p1', 900_000), state: 'following' as const }
  const { tables, problems } = await made({}, { a: [leads('p1', 0)], b: [leads('p2', 180_000), old] })
  t.is(tables[0]!.publishLagMs, 180_000)
  t.true(problems.some(({ level, what }) => level === 'note' && /^changes of orders .* NATS for 3 min$/.test(what)))
})

test('what is wrong, and what is being done', async t => {
  const sentences = async (...given: Parameters<typeof made>) => {
    const { problems } = await made(...given)
    return problems.map(({ level, what, doing }) => `${level}: ${what}: ${doing}`)
  }
  t.deepEqual(await sentences(), [
    'risk: c is away for 4 min; it has 2 replicas: if it is not back in 6 min, they are made anew elsewhere',
    'note: b is being drained: 2 replicas left, of which it leads 1: 1 are being made elsewhere, 1 are left',
  ])
  const lost = { [absenceKey('c')]: { since: NOW - 3600_000 } }
  t.true(
    (await sentences(lost)).includes(
      'risk: c is away for 60 min; it has 2 replicas: 0 are being made elsewhere, 2 are left; no node can take 1 of them',
    ),
  )
  const alone = {
    ...lost,
    [nodeKey('d')]: undefined,
    [partitionKey('p2')]: { id: 'p2', tableId: 't', replicas: ['a', 'b', 'c'] },
  }
  t.true(
    (await sentences(alone)).some(text => text.endsWith('no other node can take them: start it again, or add a node')),
  )
  t.true(
    (await sentences(alone)).some(text => text.endsWith('nothing can take them: add nodes, or say `tavola undrain b`')),
  )
  t.true(
    (await sentences({ [leaderKey('p1')]: undefined })).includes(
      'down: orders/1 has no leader: a and b will lead it as soon as nobody else does and its log answers',
    ),
  )
  t.true(
    (await sentences({}, { a: [{ partition: 'p1', state: 'stopped', reason: 'it is damaged.' }] })).includes(
      'risk: orders/1 has stopped on a: a person must look: it is damaged.',
    ),
  )
  t.true(
    (
      await sentences({}, { b: [{ partition: 'p1', state: 'stopped', reason: 'its rows differ', received: 1 }] })
    ).includes("risk: orders/1 has stopped on b: it is rebuilt from its leader's file: its rows differ"),
  )
  t.true(
    (await sentences({}, { a: [{ partition: 'p1', state: 'leading', doubt: 'a and b differ' }] })).includes(
      'risk: the replicas of orders/1 are not the same: when all of its replicas answer, the one that is wrong is rebuilt: a and b differ',
    ),
  )
  t.true(
    (await sentences({ [nodeKey('a')]: { node: 'a', zone: 'z', role: 'storage', format: 5 } })).includes(
      'note: b, d read only older formats than other nodes do: logs and files stay in those until all nodes are upgraded',
    ),
  )
  t.regex((await sentences({ [KEEPER]: undefined }))[0]!, /^risk: no server looks after the cluster/)
  t.true(
    (
      await sentences({
        [nodeKey('e')]: { node: 'e', zone: 'z', role: 'storage' },
        [partitionKey('p1')]: { id: 'p1', tableId: 't', replicas: ['a', 'e', 'b'] },
      })
    ).some(text => text.startsWith('risk: e does not answer, though it keeps its lease; it has 1 replica')),
  )
})

test('as a person reads it', async t => {
  t.is(
    statusText(await made(), true),
    `All is served, but less can fail than should, 2026-01-02 03:04:05 UTC.

  RISK  c is away for 4 min; it has 2 replicas
        if it is not back in 6 min, they are made anew elsewhere
  note  b is being drained: 2 replicas left, of which it leads 1
        1 are being made elsewhere, 1 are left

Nodes
  node  zone    pool     state           replicas  healthy  leads
  a     zone-a  default  lives           2         2        1
  b     zone-b  default  draining        2         2        1
  c     zone-c  default  AWAY for 4 min  2         0        0
  d     zone-d  default  lives           1         0        0

Tables
  table   status  pool     partitions  led  healthy replicas
  orders  ACTIVE  default  2           2    2 of 3

Moves under way: 1
  orders/2  b -> d  [########............] 40%  copying  for 30 s  (drain)

Partitions
  partition  leader  replicas
  orders/1   a       a, b (10 behind), c (away)
  orders/2   b       a, b, c (away), d (opening, 5000 behind)
`,
  )
})
