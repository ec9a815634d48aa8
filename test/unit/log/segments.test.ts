/** The local log on its real files: rolling over, giving space back, failing, going on after damage. */
import { randomUUID } from 'node:crypto'
import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { LocalLogStore } from '../../../server/log/local/local.ts'
import { LogUnavailable, type PartitionLog } from '../../../server/log/log.ts'
import { tempFolder } from '../../helpers/temp.ts'

const MB = 1024 * 1024

async function openStore(t: ExecutionContext, folder: string): Promise<LocalLogStore> {
  const store = await LocalLogStore.open(folder, silent)
  t.teardown(() => store.close())
  return store
}

async function fill(log: PartitionLog, count: number, size: number): Promise<void> {
  const from = log.end()
  const body = (position: number) => Buffer.alloc(size, `${position}.`)
  await Promise.all(Array.from({ length: count }, (_, index) => log.append(body(from + index + 1), from + index)))
}

async function isWhole(t: ExecutionContext, log: PartitionLog, first: number, last: number): Promise<void> {
  let position = first - 1
  while (position < last) {
    const entries = await log.read(position, 4 * MB)
    if (entries.length === 0) return t.fail(`nothing after ${position}`)
    for (const entry of entries) {
      position += 1
      const name = Buffer.from(`${position}.`)
      t.is(entry.position, position)
      t.true(Buffer.from(entry.bytes).subarray(0, name.length).equals(name))
    }
  }
}

const files = async (folder: string) => (await readdir(folder)).sort()

test('entries go on over many files, and those no longer needed are deleted, oldest first', async t => {
  const folder = await tempFolder(t)
  let store = await openStore(t, folder)
  const [a, b] = [randomUUID(), randomUUID()]
  let log = await store.open(a, 0)
  await fill(await store.open(b, 0), 1, 10)
  for (let batch = 0; batch < 10; batch++) await fill(log, 50, 90_000)
  t.is(log.end(), 500)
  await isWhole(t, log, 1, 500)
  const before = await files(folder)
  t.true(before.length >= 3)
  log.trim(499)
  await store.close()
  t.deepEqual((await files(folder))[0], before[0], 'the other partition needs the first file')
  store = await openStore(t, folder)
  log = await store.open(a, 499)
  await isWhole(t, log, 500, 500)
  log.trim(499)
  ;(await store.open(b, 0)).trim(1)
  await fill(log, 10, 90_000)
  await store.close()
  t.is((await files(folder)).length, 2, 'the one with entry 500, and the one being written')
  store = await openStore(t, folder)
  await isWhole(t, await store.open(a, 499), 500, 510)
})

test('a group larger than a file gets one of its own', async t => {
  const folder = await tempFolder(t)
  const store = await openStore(t, folder)
  const log = await store.open(randomUUID(), 0)
  await fill(log, 2, 100)
  await fill(log, 1, 20 * MB)
  await fill(log, 2, 100)
  await isWhole(t, log, 1, 5)
  await store.close()
  const again = await (await openStore(t, folder)).open((await openPartitions(folder))[0]!, 0)
  t.is(again.end(), 5)
})

async function openPartitions(folder: string): Promise<string[]> {
  const store = await LocalLogStore.open(folder, silent)
  await store.close()
  return store.partitions()
}

test('many short lives leave few bytes behind', async t => {
  const folder = await tempFolder(t)
  const partition = randomUUID()
  for (let life = 0; life < 5; life++) {
    const store = await LocalLogStore.open(folder, silent)
    await fill(await store.open(partition, 0), 1, 100)
    await store.close()
  }
  const store = await openStore(t, folder)
  await isWhole(t, await store.open(partition, 0), 1, 5)
  const sizes = await Promise.all((await files(folder)).map(async file => (await stat(join(folder, file))).size))
  t.is(sizes.filter(size => size > 1000).length, 1, 'only the file being written is filled ahead')
})

test('after a torn write, appends go on', async t => {
  const folder = await tempFolder(t)
  const partition = randomUUID()
  let store = await openStore(t, folder)
  await fill(await store.open(partition, 0), 1, 100)
  await fill(await store.open(partition, 0), 1, 100)
  await store.close()
  const file = join(folder, (await files(folder))[0]!)
  await truncate(file, 8 + 2 * (32 + 26 + 100) - 5)
  store = await openStore(t, folder)
  const log = await store.open(partition, 0)
  t.is(log.end(), 1)
  await fill(log, 3, 200)
  await store.close()
  store = await openStore(t, folder)
  await isWhole(t, await store.open(partition, 0), 1, 4)
})

test('when no new file can be made, appends fail and the process lives; when it can again, they go on', async t => {
  const folder = await tempFolder(t)
  const store = await LocalLogStore.open(folder, silent)
  const log = await store.open(randomUUID(), 0)
  await rm(folder, { recursive: true })
  let failed = 0
  for (let i = 0; i < 25; i++) {
    await log.append(Buffer.alloc(MB), log.end()).catch(error => {
      t.true(error instanceof LogUnavailable)
      failed += 1
    })
  }
  t.true(failed > 0)
  t.is(log.end(), 25 - failed)
  await store.close().catch(() => {})
})
