/** Nodes of two versions of Tavola side by side, while clients write: the next one reads a format that this one does not. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { TableRecord } from '../../../server/model/table.ts'
import { decodeEntry } from '../../../server/partition/entry.ts'
import { FORMAT } from '../../../server/store/format.ts'
import { Nodes } from '../../helpers/nodes.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { globalIndex } from '../cluster/given.ts'
import { until } from '../replica/fakes.ts'
import { Clients, request } from './clients.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 60_000
const NEXT = FORMAT + 1
const NAMES = ['n0', 'n1', 'n2']
const grace = { ms: 300, bytes: 1e9, roundMs: 50 }
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

const byOwner = globalIndex('byOwner', {
  keySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
  partitions: [],
  status: 'CREATING',
})

/** Three nodes of this version, and a table. */
async function cluster(t: ExecutionContext) {
  const root = await tempFolder(t)
  const folder = (node: string) => {
    mkdirSync(join(root, node), { recursive: true })
    return join(root, node)
  }
  const versions = new Map(NAMES.map(name => [name, FORMAT]))
  const reads = (node: string) => versions.get(node)!
  const nodes = await Nodes.start(t, { folder, partitionsPerTable: 1, reads, ttl: 1000, grace })
  const table = await nodes.table('T', [byOwner])
  /** As a rolling upgrade, or a way back, does. */
  const restart = async (name: string, version: number) => {
    await nodes.stop(name)
    versions.set(name, version)
    await nodes.run(name)
    await settled(nodes, table)
  }
  return { nodes, table, restart, wipe: (node: string) => rmSync(join(root, node), { recursive: true }) }
}

/** Every partition is led, and all nodes follow; but for those that have stopped. */
async function settled(nodes: Nodes, table: TableRecord): Promise<void> {
  for (const id of idsOf(nodes, table)) {
    const isHere = (host: Nodes['running'] extends Map<string, infer N> ? N : never) =>
      host.host.stopped().some(({ partition }) => partition === id) || host.host.replica(id)?.lag === 0
    await until(() => nodes.leader(id) !== undefined && [...nodes.running.values()].every(isHere), PATIENCE_MS)
  }
}

function idsOf(nodes: Nodes, { name }: TableRecord): string[] {
  const { partitions, globalIndexes } = nodes.catalog.find(name)!
  return [...partitions, ...globalIndexes.flatMap(index => index.partitions)].map(({ id }) => id)
}

/** The formats of the entries in the partition's log, each once, in their order. */
async function loggedFormats(nodes: Nodes, id: string): Promise<number[]> {
  const entries = await (await nodes.logs.open(id, 0)).read(0, 1e9)
  return entries.flatMap(({ bytes }) => {
    const entry = decodeEntry(bytes, NEXT)
    return entry.kind === 'format' ? [entry.format] : []
  })
}

for (const order of [NAMES, NAMES.toReversed()]) {
  test.serial(`nodes are upgraded one after the other, ${order.join(', ')}, while clients write`, async t => {
    const { nodes, table, restart } = await cluster(t)
    const clients = new Clients(t, nodes, table, 3, 2)
    for (const [i, name] of order.entries()) {
      for (const id of idsOf(nodes, table)) {
        t.deepEqual(await loggedFormats(nodes, id), [], 'until the last one is upgraded')
        t.is(nodes.leader(id)?.format, FORMAT)
      }
      await restart(name, NEXT)
      // Nor does time make a difference, nor a way back.
      if (i === 1) await sleep(3500)
      if (i === 0) {
        await restart(name, FORMAT)
        await restart(name, NEXT)
      }
    }
    const isRaised = () => idsOf(nodes, table).every(id => nodes.leader(id)?.format === NEXT)
    await until(isRaised, PATIENCE_MS)
    for (const id of idsOf(nodes, table)) t.deepEqual(await loggedFormats(nodes, id), [NEXT])
    await clients.verify(t)
    t.deepEqual(
      [...nodes.running.values()].flatMap(({ host }) => host.stopped()),
      [],
    )
  })
}

test.serial('a node of this version takes the file of the next one, while both are there', async t => {
  const { nodes, table, restart, wipe } = await cluster(t)
  const [id] = idsOf(nodes, table) as [string]
  for (let i = 0; i < 20; i++) await request(nodes, table, `k${i}`, { kind: 'put', value: `v${i}` })
  for (const name of ['n0', 'n1']) await restart(name, NEXT)
  await nodes.stop('n2')
  wipe('n2')
  const log = await nodes.logs.open(id, 0)
  await until(() => {
    for (const { host } of nodes.running.values()) for (const replica of host.replicas()) void replica.checkpoint()
    return log.start() > 10
  }, PATIENCE_MS)
  await nodes.run('n2')
  await settled(nodes, table)
  t.deepEqual(nodes.node('n2').host.stopped(), [])
  t.is(nodes.node('n2').host.replica(id)!.standing.applied, nodes.leading(id)!.host.replica(id)!.standing.applied)
  t.is(nodes.leader(id)!.format, FORMAT)
})

test.serial('a node that is taken back too late stops, loudly, and goes on when it is upgraded', async t => {
  const { nodes, table, restart } = await cluster(t)
  for (const name of NAMES) await restart(name, NEXT)
  const ids = idsOf(nodes, table)
  await until(() => ids.every(id => nodes.leader(id)?.format === NEXT), PATIENCE_MS)
  await restart('n2', FORMAT)
  const { host } = nodes.node('n2')
  await until(() => host.stopped().length === ids.length, PATIENCE_MS)
  for (const { reason } of host.stopped()) t.regex(reason, /of a newer Tavola \(format 5, this one reads up to 4\)/)
  // Others go on, and what it has is not touched.
  await request(nodes, table, 'a', { kind: 'put', value: 'b' })
  await sleep(3500)
  t.is(host.stopped().length, ids.length)
  t.false(ids.some(id => existsSync(join(nodes.options.folder!('n2'), `${id}.db.stopped`))))
  await restart('n2', NEXT)
  t.deepEqual(nodes.node('n2').host.stopped(), [])
})

test.serial('a node that was away while the format was raised stops at the entry that says so', async t => {
  const { nodes, table, restart } = await cluster(t)
  const ids = idsOf(nodes, table)
  for (const name of ['n0', 'n1']) await restart(name, NEXT)
  await nodes.stop('n2')
  await sleep(3500)
  for (const id of ids) t.is(nodes.leader(id)?.format, FORMAT, 'one of its nodes does not live')
  for (const id of ids) await nodes.leader(id)!.raiseFormat(NEXT)
  await nodes.run('n2')
  const { host } = nodes.node('n2')
  await until(() => host.stopped().length === ids.length, PATIENCE_MS)
  for (const { reason } of host.stopped()) t.regex(reason, /The log holds entries of a newer Tavola/)
})
