/** What every adapter of the object store port must do. */
import test, { type ExecutionContext } from 'ava'
import { type Buckets, deleteAll, getWhole, ObjectMissing, type ObjectStore } from '../../../server/objects/objects.ts'

export type ObjectsUnderTest = {
  /** An empty store. */
  objects: ObjectStore
  /** Has the bucket `present`, and no other that a test names. */
  buckets: Buckets
  /** Opens what is there anew, as another process would. */
  reopen(): ObjectStore
}

async function names(objects: ObjectStore, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const { name } of objects.list(prefix)) found.push(name)
  return found
}

export function objectsContract(
  given: (t: ExecutionContext) => Promise<ObjectsUnderTest>,
  { anyBucket = false } = {},
): void {
  test('what was put is got, also by another who opens the store', async t => {
    const { objects, reopen } = await given(t)
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 256))
    await objects.put('a/b/large', bytes)
    await objects.put('empty', Buffer.alloc(0))
    t.true((await getWhole(reopen(), 'a/b/large')).equals(bytes))
    t.is((await getWhole(reopen(), 'empty')).length, 0)
  })

  test('a second put replaces the first', async t => {
    const { objects } = await given(t)
    await objects.put('x', Buffer.from('a long first text'))
    await objects.put('x', Buffer.from('short'))
    t.is((await getWhole(objects, 'x')).toString(), 'short')
    t.deepEqual(await names(objects), ['x'])
  })

  test('an object that is not there is missing; deleting it is no error', async t => {
    const { objects } = await given(t)
    await t.throwsAsync(getWhole(objects, 'nothing'), { instanceOf: ObjectMissing })
    await objects.delete('nothing/at/all')
    await objects.put('something', Buffer.from('1'))
    await objects.delete('something')
    await t.throwsAsync(getWhole(objects, 'something'), { instanceOf: ObjectMissing })
    t.deepEqual(await names(objects), [])
  })

  test('a list shows names below a prefix that may end anywhere, in byte order, with sizes', async t => {
    const { objects } = await given(t)
    const all = ['a/1', 'a/10', 'a/2', 'ab/1', 'b', 'a-b', 'ü', 'z', 'a/ü/\u{1f600}']
    for (const [i, name] of all.entries()) await objects.put(name, Buffer.alloc(i))
    const sorted = [...all].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    t.deepEqual(await names(objects), sorted)
    t.deepEqual(await names(objects, 'a/'), ['a/1', 'a/10', 'a/2', 'a/ü/\u{1f600}'])
    t.deepEqual(await names(objects, 'a/1'), ['a/1', 'a/10'])
    t.deepEqual(await names(objects, 'a'), ['a-b', 'a/1', 'a/10', 'a/2', 'a/ü/\u{1f600}', 'ab/1'])
    t.deepEqual(await names(objects, 'nothing/'), [])
    for await (const { name, size } of objects.list('')) t.is(size, all.indexOf(name))
  })

  test('a list may be longer than one page of any protocol', async t => {
    const { objects } = await given(t)
    const all = Array.from({ length: 1100 }, (_, i) => `p/${String(i).padStart(5, '0')}`)
    for (let i = 0; i < all.length; i += 50)
      await Promise.all(all.slice(i, i + 50).map(name => objects.put(name, Buffer.of(1))))
    t.deepEqual(await names(objects, 'p/'), all)
    await deleteAll(objects, 'p/010')
    t.is((await names(objects, 'p/')).length, 1000)
  })

  test('a bucket is there or not', async t => {
    const { buckets } = await given(t)
    const present = await buckets.open('present')
    await present!.put('k', Buffer.from('v'))
    t.is((await getWhole((await buckets.open('present'))!, 'k')).toString(), 'v')
    if (!anyBucket) t.is(await buckets.open('absent'), undefined)
  })
}
