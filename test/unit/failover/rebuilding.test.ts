/** Logs that are trimmed, replicas that come too late for them, and logs that have lost what was in them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { Store } from '../../../server/store/store.ts'
import { Nodes, type NodesOptions } from '../../helpers/nodes.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { until } from '../replica/fakes.ts'
import { Clients, request } from './clients.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 30_000
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function onDisk(t: ExecutionContext, options: NodesOptions = {}) {
  const root = await tempFolder(t)
  const folder = (node: string) => {
    mkdirSync(join(root, node), { recursive: true })
    return join(root, node)
  }
  const nodes = await Nodes.start(t, { folder, partitionsPerTable: 1, ...options })
  const wipe = (node: string) => rmSync(join(root, node), { recursive: true })
  return { nodes, wipe, root }
}

async function checkpointAll(nodes: Nodes): Promise<void> {
  for (const { host } of nodes.running.values()) for (const replica of host.replicas()) await replica.checkpoint()
}

async function fill(nodes: Nodes, table: TableRecord, count: number, from = 0): Promise<void> {
  for (let i = from; i < from + count; i++) await request(nodes, table, `k${i}`, { kind: 'put', value: `v${i}` })
}

function followerOf(nodes: Nodes, partition: string): string {
  return [...nodes.running.keys()].find(name => name !== nodes.leading(partition)!.name)!
}

/** Every replica has all of it. */
async function allHave(t: ExecutionContext, nodes: Nodes, { partitions }: TableRecord, count: number): Promise<void> {
  const { id } = partitions[0]!
  await until(() => nodes.leader(id) !== undefined, PATIENCE_MS)
  const range = { from: Buffer.of(0), to: Buffer.alloc(5, 255), maxBytes: 1e9 }
  for (const { host, name } of nodes.running.values()) {
    await until(() => host.replica(id) !== undefined, PATIENCE_MS)
    await until(() => host.replica(id)!.range(range).rows.length === count, PATIENCE_MS)
    t.is(host.replica(id)!.range(range).rows.length, count, name)
  }
}

test.serial('a log is trimmed up to what all replicas have durably, not further', async t => {
  const { nodes } = await onDisk(t, { grace: { ms: 60_000, bytes: 1e9, roundMs: 20 } })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  const log = await nodes.logs.open(id, 0)
  await fill(nodes, table, 20)
  await allHave(t, nodes, table, 20)
  t.is(log.start(), 1)
  await checkpointAll(nodes)
  await until(() => {
    nodes.leading(id)!.host.replica(id)!.trim()
    return log.start() > 20
  }, PATIENCE_MS)
  const before = log.start()
  await nodes.kill(followerOf(nodes, id))
  await fill(nodes, table, 20, 20)
  await checkpointAll(nodes)
  await sleep(100)
  await checkpointAll(nodes)
  t.is(log.start(), before, 'the one that is away may come back')
})

test.serial('a replica that is away for too long, or has lost its disk, copies the file of another', async t => {
  const { nodes, wipe } = await onDisk(t, { grace: { ms: 100, bytes: 1e9, roundMs: 20 } })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  const log = await nodes.logs.open(id, 0)
  await fill(nodes, table, 20)
  const away = followerOf(nodes, id)
  for (const losesDisk of [false, true]) {
    await nodes.kill(away)
    if (losesDisk) wipe(away)
    const end = log.end()
    await fill(nodes, table, 20, losesDisk ? 40 : 20)
    await until(() => nodes.leading(id)!.host.replica(id)!.lag === 0, PATIENCE_MS)
    await sleep(150)
    await checkpointAll(nodes)
    await until(() => {
      nodes.leading(id)!.host.replica(id)!.trim()
      return log.start() > end + 1
    }, PATIENCE_MS)
    await nodes.run(away)
    await allHave(t, nodes, table, losesDisk ? 60 : 40)
    await fill(nodes, table, 1, 0)
    t.deepEqual(nodes.node(away).host.stopped(), [])
  }
})

test.serial('a snapshot is taken while clients write', async t => {
  const { nodes, wipe } = await onDisk(t, { grace: { ms: 50, bytes: 1e9, roundMs: 20 } })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  const clients = new Clients(t, nodes, table, 5)
  const away = followerOf(nodes, id)
  await nodes.kill(away)
  wipe(away)
  await sleep(300)
  const log = await nodes.logs.open(id, 0)
  await until(() => {
    void checkpointAll(nodes)
    return log.start() > 10
  }, PATIENCE_MS)
  await nodes.run(away)
  await until(() => nodes.node(away).host.replica(id) !== undefined, PATIENCE_MS)
  await sleep(200)
  await clients.verify(t)
  const { applied } = nodes.leading(id)!.host.replica(id)!.standing
  await until(() => nodes.node(away).host.replica(id)!.standing.applied === applied, PATIENCE_MS)
  t.pass()
})

/** The same log, without its last entries, or with others in their place. */
async function shortened(nodes: Nodes, partition: string, lost: number): Promise<MemoryLogStore> {
  const log = await nodes.logs.open(partition, 0)
  const logs = new MemoryLogStore()
  const shorter = await logs.open(partition, log.start() - 1)
  for (const { position, bytes } of await log.read(0, 1e9))
    if (position <= log.end() - lost) await shorter.append(bytes, position - 1)
  return logs
}

test.serial('a log that comes back shorter is mended from whoever has applied the most', async t => {
  for (const lost of [1, 10]) {
    const { nodes } = await onDisk(t)
    const table = await nodes.table(`T${lost}`)
    const { id } = table.partitions[0]!
    await fill(nodes, table, 20)
    await allHave(t, nodes, table, 20)
    // The one that would lead first knows less than the others.
    await nodes.kill('n0')
    await fill(nodes, table, 20, 20)
    for (const name of ['n1', 'n2']) await nodes.kill(name)
    nodes.logs = await shortened(nodes, id, lost)
    // Nobody's lease is left that would have the first to come wait for the others.
    await sleep(500)
    for (const name of ['n0', 'n1', 'n2']) await nodes.run(name)
    await allHave(t, nodes, table, 40)
    await fill(nodes, table, 1, 40)
    await allHave(t, nodes, table, 41)
  }
})

test.serial('a log that holds other entries is not followed: the partition stops there, and others go on', async t => {
  const { nodes } = await onDisk(t)
  const [table, other] = [await nodes.table('T'), await nodes.table('Other')]
  const { id } = table.partitions[0]!
  await fill(nodes, table, 20)
  await allHave(t, nodes, table, 20)
  const names = [...nodes.running.keys()]
  for (const name of names) await nodes.kill(name)
  const logs = await shortened(nodes, id, 5)
  const changed = await logs.open(id, 0)
  const [entry] = await changed.read(changed.end() - 1, 1)
  await changed.append(entry!.bytes, changed.end())
  const kept = await nodes.logs.open(other.partitions[0]!.id, 0)
  const copy = await logs.open(other.partitions[0]!.id, 0)
  for (const { position, bytes } of await kept.read(0, 1e9)) await copy.append(bytes, position - 1)
  nodes.logs = logs
  for (const name of names) await nodes.run(name)
  for (const { host } of nodes.running.values()) {
    t.is(host.stopped().length, 1)
    t.regex(host.stopped()[0]!.reason, /and its log disagree/)
  }
  t.is(nodes.leader(id), undefined)
  await request(nodes, other, 'a', { kind: 'put', value: 'still' })
  t.deepEqual(await request(nodes, other, 'a', { kind: 'get' }), { kind: 'value', value: 'still' })
})

test.serial(
  'what only a replica that has stopped still has keeps others from leading: that is for a person to see',
  async t => {
    const { nodes } = await onDisk(t)
    const table = await nodes.table('T')
    const { id } = table.partitions[0]!
    await fill(nodes, table, 20)
    await allHave(t, nodes, table, 20)
    const ahead = nodes.leading(id)!.name
    const others = [...nodes.running.keys()].filter(name => name !== ahead)
    for (const name of others) await nodes.kill(name)
    await fill(nodes, table, 10, 20)
    const { host } = nodes.node(ahead)
    await host.distrust(id, { table: 'item', position: 25, others, isDecided: true })
    t.is(host.stopped().length, 1)
    nodes.logs = await shortened(nodes, id, 5)
    await sleep(500)
    for (const name of others) await nodes.run(name)
    // Longer than one that comes anew waits for others.
    await sleep(5000)
    t.is(nodes.leader(id), undefined)
  },
)

function fileOf(node: string, root: string, id: string): string {
  return join(root, node, `${id}.db`)
}

test.serial('a replica whose file is damaged is rebuilt from the leader, and its file is kept', async t => {
  const { nodes, root } = await onDisk(t)
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  await fill(nodes, table, 40)
  await checkpointAll(nodes)
  for (const how of ['head', 'middle']) {
    const away = followerOf(nodes, id)
    await nodes.kill(away)
    const path = fileOf(away, root, id)
    const bytes = readFileSync(path)
    bytes.fill(0xaa, how === 'head' ? 0 : 8192, how === 'head' ? 4096 : bytes.length)
    writeFileSync(path, bytes)
    await nodes.run(away)
    // Whether it is found when it is opened, or when it is written.
    for (let i = 0; i < 5; i++) await request(nodes, table, `k${i}`, { kind: 'put', value: `v${i}` })
    await until(() => existsSync(`${path}.stopped`), PATIENCE_MS)
    await allHave(t, nodes, table, 40)
    t.deepEqual(nodes.node(away).host.stopped(), [])
    t.deepEqual(readFileSync(`${path}.stopped`).subarray(100, 200), bytes.subarray(100, 200))
    rmSync(`${path}.stopped`)
  }
})

test.serial('a replica that has what the log, and so the others, lost is left as it is', async t => {
  const { nodes, wipe, root } = await onDisk(t)
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  await fill(nodes, table, 20)
  await allHave(t, nodes, table, 20)
  const names = [...nodes.running.keys()]
  for (const name of names) await nodes.kill(name)
  nodes.logs = await shortened(nodes, id, 5)
  // All but one come back with nothing, and go on from what is left of the log.
  const [kept, ...others] = names as [string, ...string[]]
  for (const name of others) wipe(name)
  await sleep(500)
  for (const name of others) await nodes.run(name)
  await until(() => nodes.leader(id) !== undefined, PATIENCE_MS)
  for (let i = 0; i < 20; i++) await request(nodes, table, `other${i}`, { kind: 'put', value: 'v' })
  const path = fileOf(kept, root, id)
  await nodes.run(kept)
  const { host } = nodes.node(kept)
  await until(() => host.stopped().length === 1, PATIENCE_MS)
  await sleep(3500)
  t.regex(host.stopped()[0]!.reason, /disagree/)
  t.false(existsSync(`${path}.stopped`))
  const rows = new Store(path, id)
  t.is(rows.reader.state().items, 20)
  rows.close()
})
