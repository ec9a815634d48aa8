/** A replica's own tail of entries, and what it can and can't mend (INV-R5, INV-R8). */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { OperatorError } from '../../../server/base/failure.ts'
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import type { LogStore, PartitionLog } from '../../../server/log/log.ts'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import { chainHash, encodeEntry } from '../../../server/partition/entry.ts'
import { Behind } from '../../../server/replica/agreement.ts'
import type { ReplicaPorts } from '../../../server/replica/ports.ts'
import { Replica } from '../../../server/replica/replica.ts'
import { noCheckpointer } from '../../../server/store/checkpointer.ts'
import { Store } from '../../../server/store/store.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { item, PLAIN, partitionSchema, put, S } from '../partition/given.ts'
import { alone, clock, endless, epoch, NotedIndexes, until } from './fakes.ts'

const ID = 'partition'
const COUNT = 20
const ITEM = { x: S('x'.repeat(1000)) }

function open(path: string, logs: LogStore, tailBytes: number, more: Partial<ReplicaPorts> = {}): Promise<Replica> {
  const shared = { clock, tracer: untraced, logger: silent, checkpointer: noCheckpointer }
  const ports = { node: 'n', logs, indexes: new NotedIndexes(), peers: alone, ...shared, ...more }
  return Replica.open(ID, path, ports, { tailBytes })
}

/** A partition with some items, closed; its log ends with the last of them. */
async function given(t: ExecutionContext, tailBytes = 1e9) {
  const path = join(await tempFolder(t), 'p.db')
  const logs = new MemoryLogStore()
  const replica = await open(path, logs, tailBytes)
  const leader = await replica.lead(endless, () => {})
  await leader.adopt(partitionSchema(PLAIN))
  for (let s = 0; s < COUNT; s++) await leader.write(put(item('a', s, ITEM)))
  await replica.close('given')
  const entries = await (await logs.open(ID, 0)).read(0, 1e9)
  /** A log with the first `count` entries, trimmed up to `trimmed`. */
  const begun = async (count: number, trimmed = 0) => {
    const logs = new MemoryLogStore()
    const log = await logs.open(ID, 0)
    for (const { position, bytes } of entries.slice(0, count)) await log.append(bytes, position - 1)
    log.trim(trimmed)
    return { logs, log }
  }
  return { path, entries, begun }
}

const disagrees = (message: RegExp) => ({ instanceOf: OperatorError, message })

test('a log that lost its last entries gets them back, the same ones, when the replica is to lead', async t => {
  for (const trimmed of [0, 10, 15]) {
    const { path, entries, begun } = await given(t)
    const { logs, log } = await begun(15, trimmed)
    const replica = await open(path, logs, 1e9)
    replica.follow('it does not lead', error => t.fail(error.message))
    t.is(log.end(), 15, 'a follower changes nothing')
    const leader = await replica.lead(endless, () => {})
    const mended = await log.read(0, 1e9)
    t.deepEqual(
      mended.slice(0, -1).map(({ position, bytes }) => [position, Buffer.from(bytes).toString('hex')]),
      entries.slice(trimmed).map(({ position, bytes }) => [position, Buffer.from(bytes).toString('hex')]),
    )
    t.is(leader.statistics().items, COUNT)
    await replica.close('done')
    const fresh = trimmed === 0 && (await open(join(await tempFolder(t), 'q.db'), logs, 0))
    if (fresh) t.is((await fresh.lead(endless, () => {})).statistics().items, COUNT)
    if (fresh) await fresh.close('done')
  }
})

test('a log with another entry in their place is left alone', async t => {
  const { path, begun } = await given(t)
  const { logs, log } = await begun(15)
  await log.append(encodeEntry({ ...epoch, epoch: 7, previous: 'other' }), 15)
  await t.throwsAsync(open(path, logs, 1e9), disagrees(/the log ends at 16, and that entry is not the one/))
  t.is(log.end(), 16)
})

test('a changed last entry is noticed', async t => {
  const { path, entries, begun } = await given(t)
  const { logs, log } = await begun(entries.length - 1)
  await log.append(encodeEntry({ ...epoch, epoch: 1, previous: '' }), entries.length - 1)
  await t.throwsAsync(open(path, logs, 1e9), disagrees(/is not the one that was applied/))
})

test('more than the tail holds is not mended', async t => {
  const { path, begun } = await given(t, 3000)
  const { logs } = await begun(5)
  await t.throwsAsync(open(path, logs, 3000), disagrees(/the log ends at 5, long before/))
  const trimmed = await begun(5, 5)
  const replica = await open(path, trimmed.logs, 3000)
  await t.throwsAsync(replica.prepare(), disagrees(/has lost entry 6, and the file does not keep it any more/))
  t.is(trimmed.log.end(), 5)
  await replica.close('done')
})

test('another one came between: nothing is put over it, and the replica stops', async t => {
  const { path, begun } = await given(t)
  const { logs, log } = await begun(15)
  const replica = await open(path, logs, 1e9)
  const broke: Error[] = []
  replica.follow('it does not lead', error => broke.push(error))
  // As a leader that had applied less would go on, and come to where this one is.
  for (let end = 15; end < 30; end++) await log.append(encodeEntry({ ...epoch, epoch: end, previous: 'other' }), end)
  await until(() => broke.length === 1)
  t.regex(broke[0]!.message, /does not continue what is applied/)
  await t.throwsAsync(replica.prepare(), disagrees(/is not the one that was applied/))
  t.is(log.end(), 30)
  await replica.close('done')
})

test('the tail is bounded, forgets what is trimmed, and goes back with its transaction', t => {
  const { writer, tail } = new Store(':memory:', ID, 1000)
  const positions = () => tail!.read(0, 1e9).map(({ position }) => position)
  const add = (position: number, size: number) => writer.transaction(() => tail!.add(position, Buffer.alloc(size)))
  for (let position = 1; position <= 9; position++) add(position, 100)
  t.is(positions().length, 9)
  add(10, 200)
  t.deepEqual(positions(), [5, 6, 7, 8, 9, 10])
  writer.commit()
  t.throws(() =>
    writer.transaction(() => {
      tail!.add(11, Buffer.alloc(500))
      throw new Error('no')
    }),
  )
  tail!.reload()
  t.deepEqual(positions(), [5, 6, 7, 8, 9, 10])
  for (let position = 11; position <= 30; position++) add(position, 10)
  t.false(tail!.needsTrim(4))
  writer.transaction(() => tail!.trim(8))
  t.is(positions()[0], 9)
  writer.transaction(() => tail!.trim(29))
  t.deepEqual(positions()[0], 15, 'the log may lose more than was behind what is trimmed')
  t.is(positions().length, 16)
  add(31, 5000)
  t.deepEqual(positions(), [31], 'the last one stays, however large')
})

test('a log that lost its last entries, of which some were trimmed, gets back what it needs', async t => {
  const { path, entries, begun } = await given(t)
  const store = new Store(path, ID, 1e9)
  store.writer.transaction(() => store.tail!.trim(20))
  store.writer.commit()
  store.close()
  const { logs, log } = await begun(18, 18)
  const replica = await open(path, logs, 1e9)
  await replica.prepare()
  t.is(log.end(), entries.length)
  t.is(replica.standing.applied, entries.length)
  await replica.close('done')
})

test('a log that is trimmed while it is looked at is no other log', async t => {
  const { path, entries, begun } = await given(t)
  const { log } = await begun(entries.length)
  const last = entries.at(-1)!
  const next = encodeEntry({ ...epoch, epoch: 2, previous: chainHash(last.bytes) })
  await log.append(next, last.position)
  log.trim(last.position)
  const replica = await open(path, stale(log), 1e9)
  t.is(replica.standing.applied, last.position + 1)
  await replica.close('done')
  await log.append(encodeEntry({ ...epoch, epoch: 3, previous: chainHash(next) }), last.position + 1)
  for (let position = last.position + 2; position < last.position + 4; position++)
    await log.append(Buffer.from('later'), position)
  log.trim(last.position + 3)
  await t.throwsAsync(open(path, stale(log), 1e9), { instanceOf: Behind })
})

test('a follower whose disk refuses a commit applies again what it has lost, though nothing new comes', async t => {
  const { entries, begun } = await given(t)
  const { logs } = await begun(entries.length)
  let store: Store | undefined
  const openStore = (path: string, partition: string, tailBytes: number) =>
    (store = new Store(path, partition, tailBytes))
  const path = join(await tempFolder(t), 'q.db')
  const replica = await open(path, logs, 1e9, { openStore })
  replica.follow('it does not lead', error => t.fail(error.message))
  const full = () => {
    throw new Error('database or disk is full')
  }
  const { writer } = store!
  writer.commit = () => writer.transaction(full)
  t.throws(() => replica.settle(), { message: /full/ })
  t.is(replica.standing.applied, 0)
  Reflect.deleteProperty(writer, 'commit')
  await until(() => replica.standing.applied === entries.length)
  await replica.close('done')
})

/** The log as who has not heard yet that it was trimmed. */
function stale(log: PartitionLog): LogStore {
  const view: PartitionLog = {
    depth: 1,
    start: () => 1,
    end: () => log.end(),
    read: (after, maxBytes) => log.read(after, maxBytes),
    append: (bytes, expected) => log.append(bytes, expected),
    wait: (after, signal) => log.wait(after, signal),
    trim: () => {},
    refresh: async () => {},
    resume: () => false,
  }
  const never = async () => {}
  return { open: async () => view, drop: never, partitions: () => [], size: () => 0, close: never }
}
