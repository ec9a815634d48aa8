import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import fc from 'fast-check'
import { OperatorError } from '../../../server/base/failure.ts'
import { ThreadCheckpointer } from '../../../server/store/checkpointer.ts'
import type { ChangeRow, Image, RowRange } from '../../../server/store/rows.ts'
import { deleteStore, Store } from '../../../server/store/store.ts'
import { tempFolder } from '../../helpers/temp.ts'

const FROM = Buffer.of(0)
const TO = Buffer.alloc(8, 0xff)

const image = (name: string, size = name.length): Image => ({ json: `{"n":{"S":"${name}"}}`, size })
const everything = (range: Partial<RowRange> = {}): RowRange => ({ from: FROM, to: TO, maxBytes: 1e9, ...range })

function memoryStore(): Store {
  return new Store(':memory:', randomUUID())
}

test('rows are put, got, replaced and deleted', t => {
  const { reader, writer } = memoryStore()
  const key = Buffer.from('key')
  t.is(reader.get(key), undefined)
  t.is(reader.sizeOf(key), undefined)
  writer.put(key, image('a', 7))
  t.deepEqual([reader.get(key), reader.sizeOf(key)], [image('a', 7), 7])
  writer.put(key, image('b', 8))
  t.deepEqual(reader.get(key), image('b', 8))
  writer.delete(key)
  writer.delete(Buffer.from('none'))
  t.is(reader.get(key), undefined)
})

test('text of any characters comes back as it was', t => {
  const { reader, writer } = memoryStore()
  for (const json of [
    '{"a":{"S":"\\u0000\\ud800"}}',
    '{"ключ":{"S":"日本語 😀"}}',
    JSON.stringify({ a: { S: '\0\ud800' } }),
  ]) {
    writer.put(Buffer.from('k'), { json, size: 1 })
    t.is(reader.get(Buffer.from('k'))!.json, json)
  }
})

test('a page holds what a plain list would say', t => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 5 }).map(bytes => Buffer.from(bytes))
  const rows = fc.uniqueArray(fc.tuple(key, fc.integer({ min: 1, max: 100 })), {
    selector: ([key]) => key.toString('hex'),
  })
  const range = fc.record({
    from: key,
    to: key,
    after: fc.option(key, { nil: undefined }),
    reverse: fc.boolean(),
    limit: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    maxBytes: fc.integer({ min: 1, max: 400 }),
    table: fc.constantFrom(undefined, 0, 1),
  })
  fc.assert(
    fc.property(rows, range, (rows, { table, ...range }) => {
      const { reader, writer } = memoryStore()
      for (const [key, size] of rows) {
        const row = image(key.toString('hex'), size)
        if (table === undefined) writer.put(key, row)
        else writer.putLocal(table, key, row)
        // Rows of other tables are not in the way.
        if (table === undefined) writer.putLocal(0, key, image('x'))
        else writer.putLocal(1 - table, key, image('x'))
      }
      const sorted = rows.toSorted(([a], [b]) => a.compare(b))
      if (range.reverse) sorted.reverse()
      const expected = { rows: [] as Image[], bytes: 0, cut: false }
      for (const [key, size] of sorted) {
        const behind = range.after && (range.reverse ? key.compare(range.after) >= 0 : key.compare(range.after) <= 0)
        if (expected.cut || behind || key.compare(range.from) < 0 || key.compare(range.to) >= 0) continue
        expected.rows.push(image(key.toString('hex'), size))
        expected.bytes += size
        expected.cut = expected.rows.length === range.limit || expected.bytes >= range.maxBytes
      }
      t.deepEqual(reader.range(table, range), expected)
      const page = reader.range(table, { ...range, splice: true })
      if (!page.spliced) return t.deepEqual(page, expected)
      const text = expected.rows.map(({ json }) => json).join(',')
      const spliced = { text, count: expected.rows.length }
      t.deepEqual(page, { rows: [], spliced, bytes: expected.bytes, cut: expected.cut })
    }),
    { numRuns: 300 },
  )
})

test('pages that go on where the last one ended give every row once', t => {
  const { reader, writer } = memoryStore()
  const names = Array.from({ length: 50 }, (_, index) => String(index).padStart(2, '0'))
  for (const name of names) writer.put(Buffer.from(name), image(name))
  for (const reverse of [false, true]) {
    const found: string[] = []
    let after: Buffer | undefined
    for (let cut = true; cut; ) {
      const page = reader.range(undefined, everything({ after, reverse, limit: 7 }))
      for (const row of page.rows) found.push(JSON.parse(row.json).n.S)
      after = Buffer.from(found.at(-1)!)
      cut = page.cut
    }
    t.deepEqual(found, reverse ? names.toReversed() : names)
  }
})

test('local rows have their own figures', t => {
  const { reader, writer } = memoryStore()
  t.deepEqual(reader.localStatistics(0), { items: 0, bytes: 0 })
  writer.countLocal(0, 1, 10)
  writer.countLocal(0, 2, 5)
  writer.countLocal(1, 1, 1)
  writer.countLocal(0, -1, -4)
  t.deepEqual(reader.localStatistics(0), { items: 2, bytes: 11 })
  t.deepEqual(reader.localStatistics(1), { items: 1, bytes: 1 })
  const key = Buffer.from('k')
  writer.putLocal(0, key, image('a'))
  writer.putLocal(1, key, image('b'))
  writer.deleteLocal(0, key)
  t.deepEqual(
    [0, 1].map(number => reader.range(number, everything()).rows.length),
    [0, 1],
  )
})

test('a transaction that throws leaves nothing behind, and the next one works', t => {
  const { reader, writer } = memoryStore()
  const state = { position: 1, chain: 'c', epoch: 1, items: 1, bytes: 1 }
  const broken = () => {
    writer.put(Buffer.from('a'), image('a'))
    writer.saveState(state)
    writer.saveConsumed('source', 7)
    writer.saveDocument('schema', {})
    throw new Error('no')
  }
  t.throws(() => writer.transaction(broken), { message: 'no' })
  t.deepEqual(reader.range(undefined, everything()).rows, [])
  t.deepEqual(reader.state(), { position: 0, chain: '', epoch: 0, items: 0, bytes: 0 })
  t.is(reader.consumed('source'), 0)
  t.is(reader.document('schema'), undefined)
  writer.transaction(() => writer.saveState(state))
  t.deepEqual(reader.state(), state)
})

test('positions and documents are kept by name', t => {
  const { reader, writer } = memoryStore()
  writer.saveConsumed('a', 5)
  writer.saveConsumed('b', 6)
  writer.saveConsumed('a', 7)
  t.deepEqual(
    ['a', 'b', 'c'].map(source => reader.consumed(source)),
    [7, 6, 0],
  )
  writer.saveDocument('d', { x: [1] })
  t.deepEqual(reader.document('d'), { x: [1] })
  writer.saveDocument('d', undefined)
  t.is(reader.document('d'), undefined)
})

test('a file keeps everything, knows its partition, and can be removed', async t => {
  const path = join(await tempFolder(t), 'p.db')
  const partition = randomUUID()
  let store = new Store(path, partition)
  store.writer.transaction(() => store.writer.put(Buffer.from('a'), image('a')))
  store.close()
  t.throws(() => new Store(path, randomUUID()), { instanceOf: OperatorError, message: /belongs to partition/ })
  store = new Store(path, partition)
  t.deepEqual(store.reader.get(Buffer.from('a')), image('a'))
  store.writer.transaction(() => store.writer.put(Buffer.from('b'), image('b')))
  store.discard()
  deleteStore(path)
  await t.throwsAsync(stat(path), { code: 'ENOENT' })
  deleteStore(path)
})

test('transactions share commits: reads see all of them, a failure loses those since the last commit', t => {
  const { reader, writer } = new Store(':memory:', randomUUID())
  const put = (key: string) => writer.transaction(() => writer.put(Buffer.from(key), image(key)))
  const fail = () => {
    throw new Error('no')
  }
  put('a')
  writer.commit()
  put('b')
  t.truthy(reader.get(Buffer.from('b')))
  t.throws(() => writer.transaction(fail), { message: 'no' })
  t.deepEqual(
    ['a', 'b'].map(key => reader.get(Buffer.from(key)) !== undefined),
    [true, false],
  )
  for (let i = 0; i < 1000; i++) put(`c${i}`)
  t.throws(() => writer.transaction(fail))
  const kept = reader.range(undefined, everything()).rows.length
  t.true(kept > 500 && kept < 1001, 'many transactions are committed on their own')
})

test('a checkpoint moves all into the file, also after reads that stopped half-way', async t => {
  const path = join(await tempFolder(t), 'p.db')
  const store = new Store(path, randomUUID())
  t.teardown(() => store.close())
  const checkpointer = new ThreadCheckpointer()
  t.teardown(() => checkpointer.close())
  const write = (from: number) => {
    store.writer.transaction(() => {
      for (let i = from; i < from + 500; i++) store.writer.put(Buffer.from(`key ${i}`), image('x'.repeat(1000)))
    })
    store.writer.commit()
  }
  write(0)
  t.is(store.reader.range(undefined, everything({ limit: 3 })).rows.length, 3)
  t.true(store.unsaved().bytes > 100_000)
  await checkpointer.flush(path)
  t.true(await checkpointer.checkpoint(path, 'PASSIVE'))
  t.deepEqual(store.unsaved(), { bytes: 0, uncopied: 0 })
  const spare = store.spareBytes()
  write(1000)
  t.true(store.unsaved().uncopied > 100_000)
  t.is(store.spareBytes(), spare, 'the write-ahead log is begun anew where it is')
  t.true(await checkpointer.checkpoint(path, 'TRUNCATE'))
  t.is(store.spareBytes(), 0)
  t.true((await stat(path)).size > 1_000_000)
  t.is(store.reader.range(undefined, everything()).rows.length, 1000)
})

test('a checkpoint that cannot be made says so, and the next one is made', async t => {
  const folder = await tempFolder(t)
  const [path, other] = [join(folder, 'p.db'), join(folder, 'other.db')]
  const store = new Store(path, randomUUID())
  t.teardown(() => store.close())
  await writeFile(other, 'something else '.repeat(1000))
  const checkpointer = new ThreadCheckpointer()
  await t.throwsAsync(checkpointer.checkpoint(other, 'PASSIVE'), { message: /not a database/ })
  const gone = `${path}.gone`
  await t.throwsAsync(checkpointer.copy(gone, `${path}.copy`), { message: /is not there any more/ })
  t.false(existsSync(gone))
  t.true(await checkpointer.checkpoint(path, 'TRUNCATE'))
  await checkpointer.close()
  await new ThreadCheckpointer().close()
})

/** What the second format had more than the first. */
const SECOND = `
  CREATE TABLE prepared (tx TEXT PRIMARY KEY, ticket TEXT NOT NULL, home TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE lock (tx TEXT NOT NULL, key BLOB NOT NULL, changes INTEGER NOT NULL, image TEXT, size INTEGER,
    PRIMARY KEY (tx, key)) WITHOUT ROWID;
  CREATE TABLE decision (number INTEGER PRIMARY KEY, tx TEXT NOT NULL UNIQUE, outcome TEXT NOT NULL,
    time INTEGER NOT NULL, participants TEXT NOT NULL);
  CREATE TABLE token (number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, request TEXT NOT NULL,
    expires INTEGER NOT NULL, units TEXT NOT NULL);`

/** What the third had more, with a change. */
const THIRD = `
  CREATE TABLE stream (label TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER, ended_at INTEGER) WITHOUT ROWID;
  CREATE TABLE change (sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, by_service INTEGER NOT NULL, key BLOB NOT NULL,
    before INTEGER, after INTEGER, old_image TEXT, new_image TEXT);
  CREATE TABLE expiry (key BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX expiry_time ON expiry (time, key);
  INSERT INTO change VALUES (65536, 5, 1, x'6b', 3, 4, 'old', 'new');`

/** A file as an older format had it. */
function makeOldFile(path: string, partition: string, format: 1 | 2 | 3): void {
  const database = new DatabaseSync(path)
  database.exec(`
    PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;
    CREATE TABLE item (key BLOB PRIMARY KEY, image TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE local_index (number INTEGER NOT NULL, key BLOB NOT NULL, image TEXT NOT NULL, size INTEGER NOT NULL,
      PRIMARY KEY (number, key)) WITHOUT ROWID;
    CREATE TABLE local_statistics (number INTEGER PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL);
    CREATE TABLE consumed (source TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE document (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE state (partition TEXT NOT NULL, position INTEGER NOT NULL, chain TEXT NOT NULL, epoch INTEGER NOT NULL,
      items INTEGER NOT NULL, bytes INTEGER NOT NULL);
    INSERT INTO item VALUES (x'6b', '{"old":{"S":"x"}}', 4);
    ${[SECOND, THIRD].slice(0, format - 1).join('')}
    PRAGMA user_version = ${format};`)
  database.prepare("INSERT INTO state VALUES (?, 7, 'chain', 3, 1, 4)").run(partition)
  database.close()
}

const CHANGE: ChangeRow = {
  sequence: 65_536n,
  time: 5,
  byService: true,
  key: new Uint8Array(Buffer.from('k')),
  before: 3,
  after: 4,
  oldImage: 'old',
  newImage: 'new',
}
const ENTRY = { last: 131_072n, time: 6, oldImages: true, newImages: false, bytes: new Uint8Array([1, 2]) }

for (const format of [1, 2, 3] as const)
  test(`a file of format ${format} is made one of this, and keeps what it holds`, async t => {
    const path = join(await tempFolder(t), 'p.db')
    const partition = randomUUID()
    makeOldFile(path, partition, format)
    for (let opening = 0; opening < 2; opening++) {
      const store = new Store(path, partition)
      t.deepEqual(store.reader.state(), { position: 7, chain: 'chain', epoch: 3, items: 1, bytes: 4 })
      t.deepEqual(store.reader.get(Buffer.from('k')), { json: '{"old":{"S":"x"}}', size: 4 })
      t.is(store.transactions.prepared().length, opening)
      t.is(store.changes.streams().length, opening)
      const changes = [...(format === 3 ? [CHANGE] : []), ...(opening === 1 ? [ENTRY] : [])]
      t.deepEqual([...store.changes.rows(0n, 2n ** 62n)], changes)
      t.is(store.expiries.due({ key: Buffer.alloc(0), expires: 0 }, 9, 9).length, opening)
      if (opening === 0) {
        store.writer.transactions.prepare({ transaction: 't', ticket: '1', home: 'h', locks: [] })
        store.writer.changes.open('label', 1n)
        store.writer.changes.keep(ENTRY)
        store.writer.expiries.set(Buffer.from('k'), 5)
      }
      store.close()
    }
  })

test('what is held of transactions, and decided, is kept until it is released or forgotten', t => {
  const { transactions: reader, writer } = memoryStore()
  const { transactions } = writer
  t.true(reader.isEmpty())
  const rows = ['t1', 't2'].map(transaction => ({
    transaction,
    ticket: '1.1',
    home: 'h',
    locks: [
      { key: Buffer.from('a'), changes: true, image: image('a') },
      { key: Buffer.from('b'), changes: true, image: undefined },
      { key: Buffer.from('c'), changes: false, image: undefined },
    ],
  }))
  for (const row of rows) transactions.prepare(row)
  t.deepEqual(reader.prepared(), rows)
  transactions.release('t1')
  t.deepEqual(reader.prepared(), rows.slice(1))
  const participants = [{ partition: 'p', ticket: '1.2' }]
  const decision = { transaction: 't', outcome: 'committed' as const, time: 5, participants }
  transactions.decide(decision)
  transactions.decide({ ...decision, transaction: 'u', outcome: 'aborted' })
  t.deepEqual(reader.decision('t'), decision)
  t.is(reader.decision('v'), undefined)
  const numbers = reader.decisions(0, 9).map(({ number, transaction }) => [number, transaction])
  t.deepEqual(numbers, [
    [1, 't'],
    [2, 'u'],
  ])
  t.deepEqual(reader.decisions(1, 9).length, 1)
  t.false(reader.isEmpty())
  for (const { transaction } of reader.decisions(0, 9)) transactions.forgetDecision(transaction)
  t.true(reader.isEmpty())
})

test('a token that is used again is not forgotten with its old use', t => {
  const { transactions: reader, writer } = memoryStore()
  const { transactions } = writer
  const row = { token: 'x', request: 'r', expires: 10, units: [1, 2] }
  transactions.saveToken(row)
  transactions.saveToken({ ...row, token: 'y', expires: 20 })
  t.deepEqual(reader.token('x'), row)
  t.deepEqual(reader.expiredTokens(10, 9), ['x'])
  t.deepEqual(reader.expiredTokens(20, 1), ['x'])
  transactions.saveToken({ ...row, expires: 30, request: 's' })
  transactions.forgetToken('x', 10)
  t.is(reader.token('x')?.request, 's')
  transactions.forgetToken('x', 30)
  t.is(reader.token('x'), undefined)
})
