import test from 'ava'
import fc from 'fast-check'
import type { Clock } from '../../../server/base/clock.ts'
import type {
  ChangeLeader,
  PartitionHistory,
  PartitionLeader,
  TransactionLeader,
} from '../../../server/cluster/leaders.ts'
import { Router } from '../../../server/cluster/router.ts'
import { hashRange } from '../../../server/codec/range.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { Interrupted, NotLeading } from '../../../server/replica/pipeline.ts'
import { Store } from '../../../server/store/store.ts'
import { clock } from '../replica/fakes.ts'
import { cut, globalIndex, table } from './given.ts'

/** Leaders that only read, over stores in memory. */
class Stores {
  readonly stores = new Map<string, Store>()
  readonly visited: string[] = []
  stopped: Error | undefined
  written = 0

  find(id: string): PartitionLeader | undefined {
    const store = this.stores.get(id)
    return (
      store && {
        history: undefined as unknown as PartitionHistory,
        transactions: undefined as unknown as TransactionLeader,
        changes: undefined as unknown as ChangeLeader,
        get: key => store.reader.get(key),
        range: request => {
          this.visited.push(id)
          return store.reader.range(undefined, request)
        },
        write: async () => {
          if (this.stopped) throw this.stopped
          this.written += 1
          return { units: { table: 1, indexes: {} } }
        },
        statistics: () => ({ items: 0, bytes: 0, local: {}, heat: { requests: 0 } }),
        fed: () => undefined,
      }
    )
  }
}

function rowKey(hash: number, rest: number): Buffer {
  const key = Buffer.alloc(5, rest)
  key.writeUInt32BE(hash)
  return key
}

function makeRouter(record: TableRecord, keys: Buffer[] = [], time: Clock = clock) {
  const leaders = new Stores()
  for (const { id, from, to } of record.partitions) {
    const store = new Store(':memory:', id)
    for (const key of keys) {
      const hash = key.readUInt32BE(0)
      if (hash >= from && hash < to) store.writer.put(key, { json: key.toString('hex'), size: key[4]! + 1 })
    }
    leaders.stores.set(id, store)
  }
  let current: TableRecord | undefined = record
  const router = new Router({ find: () => current }, leaders, time, 10)
  return { router, leaders, become: (next: TableRecord | undefined) => (current = next) }
}

const hash = fc.oneof(fc.nat(2 ** 32 - 2), fc.constantFrom(0, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2))
const key = fc.tuple(hash, fc.nat(255)).map(([hash, rest]) => rowKey(hash, rest))

test('a page over many partitions is that of one', async t => {
  const property = fc.asyncProperty(
    fc.uniqueArray(key, { maxLength: 30, selector: key => key.toString('hex') }),
    fc.tuple(key, key).map(keys => keys.sort((a, b) => a.compare(b))),
    fc.option(key, { nil: undefined }),
    fc.boolean(),
    fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
    fc.integer({ min: 1, max: 2000 }),
    async (keys, [from, to], after, reverse, limit, maxBytes) => {
      const request = { from: from!, to: to!, after, reverse, limit, maxBytes }
      const pages = []
      for (const count of [1, 4]) {
        const record = table({ partitions: cut(count) })
        pages.push(await makeRouter(record, keys).router.range(record, undefined, request, true))
      }
      t.deepEqual(pages[1], pages[0])
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

test('only the partitions that a range touches are asked, in its direction', async t => {
  const record = table({ partitions: cut(4) })
  const { router, leaders } = makeRouter(record)
  const ids = record.partitions.map(({ id }) => id)
  const quarter = 2 ** 30
  const visit = async (from: number, to: number, more: { reverse?: boolean; after?: Buffer } = {}) => {
    leaders.visited.length = 0
    await router.range(record, undefined, { ...hashRange(from, to), ...more, maxBytes: 1e9 }, true)
    return leaders.visited.map(id => ids.indexOf(id))
  }
  t.deepEqual(await visit(0, 2 ** 32), [0, 1, 2, 3])
  t.deepEqual(await visit(0, 2 ** 32, { reverse: true }), [3, 2, 1, 0])
  t.deepEqual(await visit(quarter, quarter + 5), [1])
  t.deepEqual(await visit(quarter - 1, quarter + 1), [0, 1])
  t.deepEqual(await visit(0, 2 ** 32, { after: rowKey(quarter * 2 + 1, 0) }), [2, 3])
  t.deepEqual(await visit(0, 2 ** 32, { after: rowKey(quarter * 2 + 1, 0), reverse: true }), [2, 1, 0])
})

test('a key is looked for in its own partition', async t => {
  const record = table({ partitions: cut(3) })
  const keys = [0, 5, 2 ** 31, 2 ** 32 - 2].map(hash => rowKey(hash, 1))
  const { router } = makeRouter(record, keys)
  for (const key of keys) t.is((await router.get(record, key, true))!.json, key.toString('hex'))
  t.is(await router.get(record, rowKey(7, 7), true), undefined)
})

test('a request waits for a partition that has no leader just now', async t => {
  const record = table({ partitions: cut(1) })
  const { router, leaders } = makeRouter(record, [rowKey(1, 1)])
  const [[id, store]] = [...leaders.stores] as [[string, Store]]
  leaders.stores.clear()
  setTimeout(() => leaders.stores.set(id, store), 60)
  t.is((await router.get(record, rowKey(1, 1), true))!.size, 2)
})

test('of a table or an index that goes meanwhile the request is told so, at once', async t => {
  const index = globalIndex('g')
  const record = table({ globalIndexes: [index] })
  const { router, leaders, become } = makeRouter(record)
  leaders.stores.clear()
  const scan = () => router.range(record, undefined, { ...hashRange(0, 2 ** 32), maxBytes: 1 }, true)
  const query = () => router.range(record, { globalIndex: index }, { ...hashRange(0, 2 ** 32), maxBytes: 1 }, true)
  for (const next of [undefined, { ...record, id: 'another' }, { ...record, status: 'DELETING' as const }]) {
    become(next)
    await t.throwsAsync(scan(), { name: 'ResourceNotFoundException' })
    await t.throwsAsync(router.get(record, rowKey(1, 1), true), { name: 'ResourceNotFoundException' })
    await t.throwsAsync(query(), { name: 'ResourceNotFoundException' })
  }
  become({ ...record, globalIndexes: [] })
  await t.throwsAsync(query(), { message: 'The table does not have the specified index: g' })
})

test('a leader that does not lead any more is asked again, until one does', async t => {
  const record = table({ partitions: cut(1) })
  const { router, leaders } = makeRouter(record)
  leaders.stopped = new NotLeading('moved')
  setTimeout(() => (leaders.stopped = undefined), 60)
  const { units } = await router.write(record, { kind: 'delete', key: rowKey(1, 1), keyItem: {} })
  t.is(units.table, 1)
  t.is(leaders.written, 1)
})

test('what may have been done is not asked for again', async t => {
  const record = table({ partitions: cut(1) })
  const { router, leaders, become } = makeRouter(record)
  leaders.stopped = new Interrupted('the connection was lost')
  const write = () => router.write(record, { kind: 'delete', key: rowKey(1, 1), keyItem: {} })
  await t.throwsAsync(write(), { instanceOf: Interrupted })
  t.is(leaders.written, 0)
  become(undefined)
  await t.throwsAsync(write(), { name: 'ResourceNotFoundException' })
})

test('a partition that nobody leads for long is given up', async t => {
  const record = table({ partitions: cut(1) })
  const { router, leaders } = makeRouter(record, [], { ...clock, monotonic: () => clock.monotonic() * 100 })
  leaders.stopped = new NotLeading('moved')
  await t.throwsAsync(router.write(record, { kind: 'delete', key: rowKey(1, 1), keyItem: {} }), { message: 'moved' })
})
