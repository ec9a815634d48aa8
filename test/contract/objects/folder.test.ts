import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

test('what a writer that died left behind is no object', async t => {
  const root = await tempFolder(t)
  const objects = new FolderObjectStore(root, systemRandom)
  await objects.put('a/b', Buffer.of(1))
  await writeFile(join(root, 'a', '.0f8fad5b-d9cb-469f-a165-70867728950e.unfinished'), 'half')
  const found: string[] = []
  for await (const { name } of objects.list('')) found.push(name)
  t.deepEqual(found, ['a/b'])
})
