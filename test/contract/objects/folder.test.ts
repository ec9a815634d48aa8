import { watch } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { systemRandom } from '../../../server/base/random.ts'
import { FolderBuckets, FolderObjectStore } from '../../../server/objects/folder.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { objectsContract } from './contract.ts'

objectsContract(async t => {
  const root = await tempFolder(t)
  await mkdir(join(root, 'buckets', 'present'), { recursive: true })
  const reopen = () => new FolderObjectStore(join(root, 'objects'), systemRandom)
  return { objects: reopen(), buckets: new FolderBuckets(join(root, 'buckets'), systemRandom), reopen }
})

test('no name leads out of the folder', async t => {
  const root = await tempFolder(t)
  const objects = new FolderObjectStore(join(root, 'inside'), systemRandom)
  await writeFile(join(root, 'secret'), 'x')
  for (const name of ['../secret', 'a/../../secret', '/secret', 'a//b', '.', 'a/..', 'a\0b', '']) {
    await t.throwsAsync(objects.put(name, Buffer.of(1)), undefined, name)
    await t.throwsAsync(objects.get(name)[Symbol.asyncIterator]().next(), undefined, name)
  }
  for (const prefix of ['../', '../s', 'a/../../'])
    t.is(
      await objects
        .list(prefix)
        [Symbol.asyncIterator]()
        .next()
        .then(next => next.done),
      true,
    )
  t.deepEqual(await readdir(root), ['secret'])
  const buckets = new FolderBuckets(join(root, 'inside'), systemRandom)
  for (const name of ['..', '.', 'a/b', '']) t.is(await buckets.open(name), undefined)
})

test('what a writer that died left behind is no object, lies in no folder of objects, and goes after a day', async t => {
  const root = await tempFolder(t)
  const left = join(root, '.unfinished')
  await mkdir(left)
  for (const name of ['of-long-ago', 'of-now']) await writeFile(join(left, name), 'half')
  const longAgo = new Date(Date.now() - 25 * 60 * 60_000)
  await utimes(join(left, 'of-long-ago'), longAgo, longAgo)
  const objects = new FolderObjectStore(root, systemRandom)
  await objects.put('a/b', Buffer.of(1))
  const found: string[] = []
  for await (const { name } of objects.list('')) found.push(name)
  t.deepEqual(found, ['a/b'])
  t.deepEqual(await readdir(join(root, 'a')), ['b'])
  t.deepEqual(await readdir(left), ['of-now'])
  await t.throwsAsync(objects.put('.unfinished/of-now', Buffer.of(1)), { name: 'NameRefused' })
})

test('a writer that is killed leaves nothing where objects are', async t => {
  const root = await tempFolder(t)
  const objects = new FolderObjectStore(root, systemRandom)
  const seen = new Set<string>()
  await objects.put('a/0', Buffer.of(1))
  const watching = watch(join(root, 'a'), (_, name) => seen.add(String(name)))
  for (let i = 1; i < 20; i++) await objects.put(`a/${i}`, Buffer.alloc(100_000))
  await sleep(50)
  watching.close()
  t.true(seen.size > 0)
  t.deepEqual(
    [...seen].filter(name => !/^\d+$/.test(name)),
    [],
  )
})
