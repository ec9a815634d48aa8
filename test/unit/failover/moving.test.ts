/** Replicas that move while clients read and write: nodes join, are drained, come back, and are lost for good. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../server/base/clock.ts'
import { lookAtCluster } from '../../../server/cluster/looking.ts'
import { drainKey, holdersOf, PARTITIONS, parsePartition, placementKey } from '../../../server/cluster/records.ts'
import type { ClusterStatus } from '../../../server/cluster/status.ts'
import { Nodes, type NodesOptions } from '../../helpers/nodes.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { globalIndex } from '../cluster/given.ts'
import { Clients } from './clients.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 60_000
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const byOwner = () =>
  globalIndex('byOwner', {
    keySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
    partitions: [],
    status: 'CREATING',
  })

async function onDisk(t: ExecutionContext, options: NodesOptions = {}) {
  const root = await tempFolder(t)
  const folder = (node: string) => {
    mkdirSync(join(root, node), { recursive: true })
    return join(root, node)
  }
  const nodes = await Nodes.start(t, { folder, keeping: { repairAfterMs: 600_000 }, ...options })
  const hasFile = (node: string, partition: string) => existsSync(join(root, node, `${partition}.db`))
  return { nodes, hasFile }
}

function look({ metadata, reporters }: Nodes): Promise<ClusterStatus> {
  return lookAtCluster({ metadata, reporters, clock: systemClock })
}

/** Until the cluster is as wished, and nothing is under way. */
async function settled(nodes: Nodes, isSo: (status: ClusterStatus) => boolean): Promise<ClusterStatus> {
  const end = Date.now() + PATIENCE_MS
  while (true) {
    const status = await look(nodes)
    const isLed = status.partitions.every(({ leader, replicas }) => leader !== null && leader === replicas[0]!.node)
    if (status.moves.length === 0 && isLed && isSo(status)) return status
    if (Date.now() > end) throw new Error(`it does not come to rest: ${JSON.stringify(status, undefined, 1)}`)
    await sleep(50)
  }
}

async function replicasOf({ metadata }: Nodes) {
  return (await metadata.list(PARTITIONS)).map(({ value }) => parsePartition(value))
}

function nodeOf(status: ClusterStatus, name: string) {
  return status.nodes.find(node => node.name === name)!
}

test.serial('nodes join, and one is drained: no request fails', async t => {
  const { nodes, hasFile } = await onDisk(t, { partitionsPerTable: 3 })
  const table = await nodes.table('T', [byOwner()])
  const clients = new Clients(t, nodes, table, 1)
  await sleep(300)
  await nodes.run('n3')
  const joined = await settled(nodes, status => nodeOf(status, 'n3').replicas >= 4)
  t.deepEqual(joined.problems, [])
  const loads = joined.nodes.map(({ replicas }) => replicas)
  t.true(Math.max(...loads) - Math.min(...loads) <= 1, `replicas: ${loads}`)
  const leads = joined.nodes.map(({ leaders }) => leaders)
  t.true(Math.max(...leads) - Math.min(...leads) <= 1, `leaders: ${leads}`)
  await nodes.metadata.commit({ guards: [], puts: [{ key: drainKey('n0'), value: '{"since":0}' }] })
  const drained = await settled(nodes, status => nodeOf(status, 'n0').empty)
  t.like(nodeOf(drained, 'n0'), { draining: true, replicas: 0, leaders: 0 })
  t.deepEqual(drained.problems, [])
  await sleep(100)
  for (const { id } of table.partitions) {
    t.false(hasFile('n0', id))
    t.deepEqual(await nodes.metadata.get(`made/${id}/n0`), undefined)
  }
  await clients.verify(t)
  t.deepEqual(clients.errors, [])
  t.true(clients.slowest < 500 + clients.stalled, `${clients.slowest} ms`)
})

test.serial('a node lost for good: its replicas are made anew elsewhere', async t => {
  const { nodes } = await onDisk(t, { nodes: 4, keeping: { repairAfterMs: 300 } })
  const table = await nodes.table('T', [byOwner()])
  const clients = new Clients(t, nodes, table, 2)
  await sleep(300)
  await nodes.kill('n1')
  const status = await settled(nodes, ({ nodes }) => nodes.every(({ name }) => name !== 'n1'))
  t.deepEqual(status.problems, [])
  for (const { replicas } of status.partitions) t.is(replicas.filter(({ healthy }) => healthy).length, 3)
  // Its files are of no use any more.
  await nodes.run('n1')
  await settled(nodes, status => nodeOf(status, 'n1').replicas > 0)
  await clients.verify(t)
})

test.serial('a node that comes back in time keeps what it had, and leads again what it should', async t => {
  const { nodes } = await onDisk(t, { nodes: 4 })
  const table = await nodes.table('T')
  await settled(nodes, () => true)
  const before = await replicasOf(nodes)
  const clients = new Clients(t, nodes, table, 3)
  await nodes.stop('n1')
  await sleep(600)
  const away = await look(nodes)
  t.regex(away.problems[0]!.what, /^n1 is away( for \d+ s)?; it has \d replicas?$/)
  t.regex(away.problems[0]!.doing, /made anew elsewhere/)
  await nodes.run('n1')
  await settled(nodes, status => status.problems.length === 0)
  t.deepEqual(await replicasOf(nodes), before)
  await clients.verify(t)
  t.deepEqual(clients.errors, [])
})

test.serial('three nodes, one lost: two go on, and the status says so; a new one takes over', async t => {
  const { nodes } = await onDisk(t, { keeping: { repairAfterMs: 200 } })
  const table = await nodes.table('T')
  const clients = new Clients(t, nodes, table, 4)
  await nodes.kill('n2')
  await sleep(1500)
  const status = await look(nodes)
  t.deepEqual(
    status.problems.filter(({ level }) => level !== 'note').map(({ doing }) => doing),
    ['no other node can take them: start it again, or add a node'],
  )
  await nodes.run('new')
  await settled(nodes, ({ nodes, problems }) => problems.length === 0 && nodes.every(({ name }) => name !== 'n2'))
  await clients.verify(t)
})

test.serial('movers, joiners and leaders die at any step', async t => {
  const { nodes } = await onDisk(t, { nodes: 5, keeping: { repairAfterMs: 60_000 } })
  const table = await nodes.table('T', [byOwner()])
  const clients = new Clients(t, nodes, table, 5)
  for (let round = 0; round < 6; round++) {
    const drained = `n${round % 5}`
    await nodes.metadata.commit({ guards: [], puts: [{ key: drainKey(drained), value: '{"since":0}' }] })
    await sleep(60 + round * 40)
    const moving = (await replicasOf(nodes)).find(({ move }) => move)
    const victim = [moving?.move?.joining, moving && nodes.leading(moving.id)?.name, 'n0'][round % 3] ?? 'n4'
    if (nodes.running.has(victim)) await nodes.kill(victim)
    await sleep(500)
    if (!nodes.running.has(victim)) await nodes.run(victim)
    await nodes.metadata.commit({ guards: [], deletes: [drainKey(drained)] })
  }
  const status = await settled(nodes, status => status.problems.length === 0)
  for (const { replicas } of status.partitions) t.is(replicas.length, 3)
  await clients.verify(t)
})

test.serial('a table follows its wish', async t => {
  const { nodes } = await onDisk(t, { nodes: 5 })
  const key = placementKey('T')
  const wish = (replicas: number) =>
    nodes.metadata.commit({
      guards: [],
      puts: [{ key, value: JSON.stringify({ pool: 'default', replicas, partitions: 5 }) }],
    })
  await wish(2)
  const table = await nodes.table('T')
  t.is(table.partitions.length, 5)
  t.true((await replicasOf(nodes)).every(({ replicas }) => replicas.length === 2))
  await wish(4)
  await settled(nodes, ({ partitions }) => partitions.every(({ replicas }) => replicas.length === 4))
  await wish(1)
  await settled(nodes, ({ partitions }) => partitions.every(({ replicas }) => replicas.length === 1))
  for (const record of await replicasOf(nodes)) t.is(holdersOf(record).length, 1)
})
