/** Replicas are compared; one whose rows are not those of the others is rebuilt. */
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { hashRange } from '../../../server/codec/range.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { Nodes, type NodesOptions } from '../../helpers/nodes.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { globalIndex } from '../cluster/given.ts'
import { until } from '../replica/fakes.ts'
import { Clients, request } from './clients.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 60_000
const byOwner = globalIndex('byOwner', {
  keySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
  partitions: [],
  status: 'CREATING',
})
const SCRUBBING = { rate: 1e12, restMs: 0, retryMs: 50 }

async function onDisk(t: ExecutionContext, options: NodesOptions = {}) {
  const root = await tempFolder(t)
  const folder = (node: string) => {
    mkdirSync(join(root, node), { recursive: true })
    return join(root, node)
  }
  const nodes = await Nodes.start(t, { folder, partitionsPerTable: 1, scrubbing: SCRUBBING, ...options })
  return { nodes, path: (node: string, id: string) => join(root, node, `${id}.db`) }
}

async function filled(nodes: Nodes, count: number): Promise<TableRecord> {
  const table = await nodes.table('T')
  for (let i = 0; i < count; i++) await request(nodes, table, `k${i}`, { kind: 'put', value: `v${i}` })
  return table
}

/** As a disk might, behind the back of whoever has the file open. */
function flip(nodes: Nodes, node: string, id: string, path: string, to: string): void {
  nodes.node(node).host.replica(id)!.settle()
  const database = new DatabaseSync(path, { timeout: 5000 })
  const { changes } = database
    .prepare(`UPDATE item SET image = replace(image, '"v7"', ?) WHERE image LIKE '%"v7"%'`)
    .run(`"${to}"`)
  database.close()
  if (changes !== 1) throw new Error(`${changes} rows were changed`)
}

function imagesOn(nodes: Nodes, node: string, id: string): string[] | undefined {
  const replica = nodes.running.get(node)?.host.replica(id)
  return replica?.range({ ...hashRange(0, 2 ** 32), maxBytes: 1e9 }).rows.map(({ json }) => json)
}

const rounds = (nodes: Nodes) => [...nodes.running.values()].reduce((sum, { host }) => sum + host.scrubber.rounds, 0)
const differences = (nodes: Nodes) =>
  [...nodes.running.values()].reduce((sum, { host }) => sum + host.scrubber.differences, 0)

/** Every node has the row as it was written, and serves it. */
async function allRight(nodes: Nodes, id: string, count: number): Promise<void> {
  const isRight = (node: string) => {
    const images = imagesOn(nodes, node, id)
    return images?.length === count && images.some(image => image.includes('"v7"'))
  }
  await until(() => [...nodes.running.keys()].every(isRight), PATIENCE_MS)
}

test.serial('a follower that differs is rebuilt from its leader, and its file is kept', async t => {
  const { nodes, path } = await onDisk(t)
  const { partitions } = await filled(nodes, 30)
  const { id } = partitions[0]!
  await until(() => rounds(nodes) > 1, PATIENCE_MS)
  t.is(differences(nodes), 0)
  const leader = nodes.leading(id)!.name
  const wrong = [...nodes.running.keys()].find(name => name !== leader)!
  flip(nodes, wrong, id, path(wrong, id), 'w7')
  await until(() => existsSync(`${path(wrong, id)}.stopped`), PATIENCE_MS)
  await allRight(nodes, id, 30)
  t.is(nodes.leading(id)!.name, leader)
  t.is(differences(nodes), 1)
  t.deepEqual(
    [...nodes.running.values()].flatMap(({ host }) => host.stopped()),
    [],
  )
})

test.serial('a leader that differs has another one lead, and is rebuilt', async t => {
  const { nodes, path } = await onDisk(t)
  const table = await filled(nodes, 30)
  const { id } = table.partitions[0]!
  const wrong = nodes.leading(id)!.name
  flip(nodes, wrong, id, path(wrong, id), 'w7')
  await until(() => existsSync(`${path(wrong, id)}.stopped`), PATIENCE_MS)
  await allRight(nodes, id, 30)
  t.not(nodes.leading(id)!.name, wrong)
  t.deepEqual(await request(nodes, table, 'k7', { kind: 'get' }), { kind: 'value', value: 'v7' })
})

test.serial('a follower whose file can not be read any more is found by that, and rebuilt', async t => {
  const { nodes, path } = await onDisk(t, { scrubbing: { ...SCRUBBING, restMs: 200 } })
  const { partitions } = await filled(nodes, 200)
  const { id } = partitions[0]!
  const leader = nodes.leading(id)!.name
  const wrong = [...nodes.running.keys()].find(name => name !== leader)!
  await nodes.node(wrong).host.replica(id)!.checkpoint()
  const file = openSync(path(wrong, id), 'r+')
  const { size } = fstatSync(file)
  for (let at = 8192; at < size; at += 8192) writeSync(file, Buffer.alloc(4096, 0xaa), 0, 4096, at)
  closeSync(file)
  await until(() => existsSync(`${path(wrong, id)}.stopped`), PATIENCE_MS)
  await allRight(nodes, id, 200)
  t.deepEqual(
    [...nodes.running.values()].flatMap(({ host }) => host.stopped()),
    [],
  )
})

test.serial('of two that differ nobody knows which is right: the partition stops', async t => {
  const { nodes, path } = await onDisk(t, { nodes: 2 })
  const { partitions } = await filled(nodes, 30)
  const { id } = partitions[0]!
  flip(nodes, 'n1', id, path('n1', id), 'w7')
  await until(() => [...nodes.running.values()].every(({ host }) => host.stopped().length === 1), PATIENCE_MS)
  await until(() => nodes.leading(id) === undefined, PATIENCE_MS)
  const [stopped] = nodes.node('n0').host.stopped()
  t.regex(stopped!.reason, /differ, and nothing tells which are right/)
  t.like(nodes.node('n1').host.report()[0], { state: 'stopped' })
  t.false(existsSync(`${path('n0', id)}.stopped`) || existsSync(`${path('n1', id)}.stopped`))
})

test.serial('of three of which one is away, the other two wait for it', async t => {
  const { nodes, path } = await onDisk(t)
  const table = await filled(nodes, 30)
  const { id } = table.partitions[0]!
  const leader = nodes.leading(id)!.name
  const [wrong, away] = [...nodes.running.keys()].filter(name => name !== leader) as [string, string]
  await nodes.stop(away)
  flip(nodes, wrong, id, path(wrong, id), 'w7')
  const report = () =>
    nodes
      .leading(id)
      ?.host.report()
      .find(({ partition }) => partition === id)
  await until(() => report()?.doubt !== undefined, PATIENCE_MS)
  t.regex(report()!.doubt!, /differ, and nothing tells which are right/)
  t.deepEqual(await request(nodes, table, 'k7', { kind: 'get' }), { kind: 'value', value: 'v7' })
  await nodes.run(away)
  await until(() => existsSync(`${path(wrong, id)}.stopped`), PATIENCE_MS)
  await allRight(nodes, id, 30)
  await until(() => report()?.doubt === undefined, PATIENCE_MS)
  t.pass()
})

test.serial('while clients write, nothing is found that is not there', async t => {
  const { nodes } = await onDisk(t)
  const table = await nodes.table('T', [byOwner])
  const clients = new Clients(t, nodes, table, 11)
  await until(() => rounds(nodes) >= 20 && clients.count > 500, PATIENCE_MS)
  t.log(`${rounds(nodes)} rounds beside ${clients.count} requests`)
  t.is(differences(nodes), 0)
  await clients.verify(t)
})
