/** A partition's file and its log, opened together, over and over. */
import { randomUUID } from 'node:crypto'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { OperatorError } from '../../../server/base/failure.ts'
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { type LogStore, LogUnavailable, type PartitionLog } from '../../../server/log/log.ts'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import { encodeEntry } from '../../../server/partition/entry.ts'
import { Replica } from '../../../server/replica/replica.ts'
import { ThreadCheckpointer } from '../../../server/store/checkpointer.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { ALL_HASHES, BY_OWNER, INDEXED, item, PLAIN, partitionSchema, put, S } from '../partition/given.ts'
import { alone, clock, endless, epoch, GatedLog, NotedIndexes, settled, until, watch } from './fakes.ts'

/** A node's part of the world that outlives its replicas. */
class Node {
  readonly partition = randomUUID()
  readonly indexes = new NotedIndexes()
  readonly checkpointer = new ThreadCheckpointer()
  readonly path: string
  logs: LogStore = new MemoryLogStore()

  constructor(folder: string) {
    this.path = join(folder, 'p.db')
  }

  open(): Promise<Replica> {
    const { logs, indexes, checkpointer } = this
    const shared = { clock, tracer: untraced, logger: silent }
    return Replica.open(this.partition, this.path, { node: 'n', logs, checkpointer, indexes, peers: alone, ...shared })
  }

  log(): Promise<PartitionLog> {
    return this.logs.open(this.partition, 0)
  }
}

async function makeNode(t: ExecutionContext): Promise<Node> {
  const node = new Node(await tempFolder(t))
  t.teardown(() => node.checkpointer.close())
  return node
}

async function lead(replica: Replica, schema = partitionSchema(PLAIN)) {
  const broke: Error[] = []
  const leader = await replica.lead(endless, error => broke.push(error))
  await leader.adopt(schema)
  return { leader, broke }
}

const WITH_INDEX = partitionSchema(INDEXED, { [BY_OWNER.id]: [{ id: 'all', ...ALL_HASHES }] })
const refusal = (t: ExecutionContext, node: Node, message: RegExp) =>
  t.throwsAsync(node.open(), { instanceOf: OperatorError, message })

test('what was written is there after closing and opening, and the epoch grows', async t => {
  const node = await makeNode(t)
  let replica = await node.open()
  let { leader } = await lead(replica)
  await leader.write(put(item('a', 1)))
  for (let epoch = 2; epoch < 5; epoch++) {
    await replica.close('restart')
    replica = await node.open()
    ;({ leader } = await lead(replica))
    t.is(leader.epoch, epoch)
    t.deepEqual(JSON.parse((await leader.get(put(item('a', 1)).key))!.json), item('a', 1))
    t.is(leader.schemaVersion, 1)
  }
  await replica.close('done')
})

test('an older file, and none at all, are brought to the end of the log', async t => {
  const node = await makeNode(t)
  let replica = await node.open()
  let { leader } = await lead(replica)
  await leader.write(put(item('a', 1)))
  await replica.close('copy')
  await copyFile(node.path, `${node.path}.old`)
  replica = await node.open()
  ;({ leader } = await lead(replica))
  for (let s = 2; s < 50; s++) await leader.write(put(item('a', s)))
  await replica.close('restart')
  await copyFile(`${node.path}.old`, node.path)
  for (const remove of [false, true]) {
    if (remove) await rm(node.path)
    replica = await node.open()
    ;({ leader } = await lead(replica))
    t.is(leader.statistics().items, 49)
    await replica.close('restart')
  }
})

test('a log that ends before the file is refused, and named (INV-R5)', async t => {
  const node = await makeNode(t)
  const replica = await node.open()
  const { leader } = await lead(replica)
  await leader.write(put(item('a', 1)))
  await replica.close('restart')
  const entries = await (await node.log()).read(0, 1e9)
  const logs = new MemoryLogStore()
  const shorter = await logs.open(node.partition, 0)
  for (const { position, bytes } of entries.slice(0, -1)) await shorter.append(bytes, position - 1)
  node.logs = logs
  await refusal(t, node, /p\.db and its log disagree: the file has applied entry 3, the log ends at 2/)
  await shorter.append(encodeEntry({ ...epoch, epoch: 7, previous: 'x' }), 2)
  await refusal(t, node, /p\.db and its log disagree: entry 3 is not the one that was applied/)
})

test('a log that begins after what the file has applied is refused (INV-R5)', async t => {
  const node = await makeNode(t)
  let replica = await node.open()
  await lead(replica)
  await replica.close('copy')
  await copyFile(node.path, `${node.path}.old`)
  replica = await node.open()
  const { leader } = await lead(replica)
  for (let s = 0; s < 5; s++) await leader.write(put(item('a', s)))
  await replica.checkpoint()
  await leader.write(put(item('a', 9)))
  await replica.close('restart')
  await copyFile(`${node.path}.old`, node.path)
  await refusal(t, node, /the file has applied entry 2, the log begins at 9/)
})

test('a log whose entries do not follow each other is refused (INV-R1)', async t => {
  const node = await makeNode(t)
  const replica = await node.open()
  await lead(replica)
  await replica.close('restart')
  const log = await node.log()
  await log.append(encodeEntry({ ...epoch, epoch: 2, previous: 'someone else' }), log.end())
  await refusal(t, node, /The log of the partition file \S+p\.db is damaged: .* does not continue what is applied/)
})

test('an entry of a newer Tavola is refused', async t => {
  const node = await makeNode(t)
  const log = await node.log()
  const { pack } = await import('msgpackr')
  await log.append(pack([9, 1, '', 'epoch', ['n']]), 0)
  await refusal(t, node, /entries of a newer Tavola/)
})

test('a checkpoint trims the log; what follows and what the file holds make the whole', async t => {
  const node = await makeNode(t)
  let replica = await node.open()
  let { leader } = await lead(replica)
  for (let s = 0; s < 20; s++) await leader.write(put(item('a', s, { x: S('x'.repeat(10_000)) })))
  t.is(replica.saving.unsaved, 22)
  await replica.checkpoint()
  const log = await node.log()
  t.deepEqual([replica.saving.unsaved, log.start(), log.end()], [0, 23, 22])
  // A crash: the file is read back as it is, not closed.
  await leader.write(put(item('b', 1)))
  await copyFile(node.path, `${node.path}.crashed`)
  await replica.close('gone')
  await copyFile(`${node.path}.crashed`, node.path)
  replica = await node.open()
  ;({ leader } = await lead(replica))
  t.is(leader.statistics().items, 21)
  await replica.close('done')
})

test('writes wait while a checkpoint ends, reads do not, and none is lost', async t => {
  const node = await makeNode(t)
  const replica = await node.open()
  const { leader } = await lead(replica)
  let going = true
  let written = 0
  const writer = async (p: string) => {
    while (going) await leader.write(put(item(p, written++ % 500, { x: S('x'.repeat(2000)) })))
  }
  const writers = ['a', 'b', 'c', 'd'].map(writer)
  for (let round = 0; round < 5; round++) {
    await replica.checkpoint()
    t.truthy(leader.range({ from: Buffer.of(0), to: Buffer.alloc(5, 255), limit: 1, maxBytes: 1 }))
  }
  going = false
  await Promise.all(writers)
  const log = await node.log()
  t.true(log.start() > 1)
  await replica.close('restart')
  const again = await node.open()
  t.is((await lead(again)).leader.statistics().items, leader.statistics().items)
  await again.close('done')
})

test('entries that an index partition lacks are not trimmed (INV-R6)', async t => {
  const node = await makeNode(t)
  let replica = await node.open()
  let { leader } = await lead(replica, WITH_INDEX)
  const owned = (s: number) => put(item('a', s, { owner: S('o'), date: S('d') }))
  await leader.write(owned(1))
  await leader.fed(BY_OWNER.id)
  node.indexes.away = true
  await leader.write(owned(2))
  await replica.checkpoint()
  const log = await node.log()
  t.deepEqual([log.start(), log.end()], [4, 4])
  await replica.close('gone')
  replica = await node.open()
  ;({ leader } = await lead(replica, WITH_INDEX))
  await replica.checkpoint()
  t.is(log.start(), 4, 'nor by the next leader')
  node.indexes.away = false
  await until(() => leader.acknowledged() === log.end())
  t.is(node.indexes.rows('all').size, 2)
  replica.trim()
  t.is(log.start(), log.end() + 1)
  await replica.close('done')
})

test('a leader whose log failed leads again from what is durable', async t => {
  const node = await makeNode(t)
  let gate: GatedLog | undefined
  const store = node.logs
  node.logs = {
    open: async (partition, base) => (gate ??= new GatedLog(await store.open(partition, base))),
    drop: partition => store.drop(partition),
    partitions: () => store.partitions(),
    size: () => store.size(),
    close: () => store.close(),
  }
  const replica = await node.open()
  const { leader, broke } = await lead(replica)
  await leader.write(put(item('a', 1)))
  gate!.close()
  const durable = watch(leader.write(put(item('a', 2))))
  await settled()
  const lost = watch(leader.write(put(item('a', 3))))
  await settled()
  // The first becomes durable, though its leader never hears of it; the second does not.
  const release = leader.hold()
  await gate!.pass(1)
  await gate!.lose(new LogUnavailable('no room'))
  release()
  t.is(broke.length, 1)
  t.is(replica.leader, undefined)
  t.true(durable.outcome instanceof Error && lost.outcome instanceof Error)
  await gate!.pass()
  const next = await lead(replica)
  t.is(next.leader.epoch, leader.epoch + 1)
  t.is(next.leader.statistics().items, 2)
  await next.leader.write(put(item('a', 3)))
  await replica.close('done')
})
