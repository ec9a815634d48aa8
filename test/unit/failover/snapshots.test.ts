/** A partition's file on its way: whole and right, or not at all. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { Files } from '../../../server/cluster/host/files.ts'
import { receiveSnapshot, sendSnapshot } from '../../../server/cluster/host/snapshots.ts'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { Replica } from '../../../server/replica/replica.ts'
import { ThreadCheckpointer } from '../../../server/store/checkpointer.ts'
import { Store } from '../../../server/store/store.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { item, PLAIN, partitionSchema, put, S } from '../partition/given.ts'
import { alone, clock, endless, NotedIndexes } from '../replica/fakes.ts'

const ID = systemRandom.uuid()

async function filesIn(t: ExecutionContext): Promise<{ files: Files; folder: string }> {
  const folder = await tempFolder(t)
  return { files: new Files(folder, new LocalMetadata(':memory:', systemRandom), 'n'), folder }
}

async function sent(t: ExecutionContext): Promise<Uint8Array[]> {
  const { files, folder } = await filesIn(t)
  const checkpointer = new ThreadCheckpointer()
  const shared = { clock, tracer: untraced, logger: silent, checkpointer }
  const ports = { node: 'n', logs: new MemoryLogStore(), indexes: new NotedIndexes(), peers: alone, ...shared }
  const replica = await Replica.open(ID, files.path(ID), ports)
  const leader = await replica.lead(endless, () => {})
  await leader.adopt(partitionSchema(PLAIN))
  for (let s = 0; s < 40; s++) await leader.write(put(item('a', s, { x: S('x'.repeat(50_000)) })))
  const chunks: Uint8Array[] = []
  for await (const chunk of sendSnapshot(replica, files)) chunks.push(chunk)
  await replica.close('done')
  await checkpointer.close()
  t.deepEqual(readdirSync(folder), [`${ID}.db`], 'the copy is gone')
  return chunks
}

async function* stream(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

test('what arrives is what was there, however it was cut', async t => {
  const chunks = await sent(t)
  t.true(chunks.length > 2, 'it comes in pieces')
  const bytes = Buffer.concat(chunks)
  for (const size of [bytes.length, 1_000_003, 4096 * 3 + 1]) {
    const { files, folder } = await filesIn(t)
    await receiveSnapshot(ID, stream(bytes, size), files)
    t.deepEqual(readdirSync(folder), [`${ID}.db`])
    const store = new Store(files.path(ID), ID)
    t.deepEqual(store.reader.state().items, 40)
    store.close()
  }
})

test('one that is cut short, changed, or of another partition takes no place', async t => {
  const bytes = Buffer.concat(await sent(t))
  const { files, folder } = await filesIn(t)
  new Store(files.path(ID), ID).close()
  const before = readFileSync(files.path(ID))
  const changed = Buffer.from(bytes)
  changed[bytes.length >> 1]! ^= 1
  const damaged = { message: 'the file of another replica came damaged, or cut short' }
  for (const bad of [bytes.subarray(0, -1), bytes.subarray(0, 100_000), Buffer.alloc(0), changed])
    await t.throwsAsync(receiveSnapshot(ID, stream(bad, 65_536), files), damaged)
  async function* broken() {
    yield bytes.subarray(0, 50_000)
    throw new Error('the connection was lost')
  }
  await t.throwsAsync(receiveSnapshot(ID, broken(), files), { message: 'the connection was lost' })
  t.deepEqual(readFileSync(files.path(ID)), before)
  const other = systemRandom.uuid()
  await t.throwsAsync(receiveSnapshot(other, stream(bytes, 65_536), files), { message: /belongs to partition/ })
  t.false(existsSync(files.path(other)))
  t.deepEqual(readdirSync(folder), [`${ID}.db`])
})
