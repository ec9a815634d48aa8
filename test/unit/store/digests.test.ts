/** What the rows of a file come to: the same for the same rows, and for no others. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { ThreadCheckpointer } from '../../../server/store/checkpointer.ts'
import { Store } from '../../../server/store/store.ts'
import { tempFolder } from '../../helpers/temp.ts'

/** Of all pages, one after the other. */
function digestsOf(store: Store, maxBytes: number): string[] {
  const digests: string[] = []
  for (let from: string | undefined; ; ) {
    const { digest, next } = store.digests.page('', from, maxBytes)
    digests.push(digest)
    if (next === undefined) return digests
    from = next
  }
}

/** What another connection has changed is seen with the next turn of the event loop. */
async function seen(store: Store, maxBytes: number): Promise<string[]> {
  await new Promise(resolve => setImmediate(resolve))
  return digestsOf(store, maxBytes)
}

type Row = { key: number; json: string; index: number }

/** In this order; a row may replace one of before. */
function write(store: Store, rows: Row[]): void {
  store.writer.transaction(() => {
    for (const { key, json, index } of rows) {
      const image = { json, size: json.length }
      store.writer.put(Buffer.of(key), image)
      store.writer.putLocal(index, Buffer.of(key), image)
      store.writer.expiries.set(Buffer.of(key), json.length)
    }
  })
}

const row = fc.record({ key: fc.nat(20), json: fc.string({ maxLength: 40 }), index: fc.nat(2) })

test('two files with the same rows come to the same, however they came by them', t => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 30 }),
      fc.array(row, { maxLength: 5 }),
      fc.integer({ min: 1, max: 400 }),
      (rows, more, maxBytes) => {
        const last = [...new Map(rows.map(row => [row.key, row])).values()]
        const [a, b] = [new Store(':memory:', 'p'), new Store(':memory:', 'p')]
        write(a, last)
        write(b, last.toReversed())
        b.writer.commit()
        const same = digestsOf(a, maxBytes)
        const isSame = same.join() === digestsOf(b, maxBytes).join()
        write(b, more)
        const isOther = more.every(({ key, json, index }) => {
          const before = last.find(row => row.key === key)
          return before?.json === json && before.index === index
        })
        const isSameStill = same.join() === digestsOf(b, maxBytes).join()
        a.close()
        b.close()
        return isSame && isSameStill === isOther
      },
    ),
    { numRuns: 100 },
  )
  t.pass()
})

/** But for what is in memory as well, and what is a replica's own. */
const LEFT_OUT = ['state', 'tail']
/** They say nothing but the order. */
const ORDER = ['decision.number', 'token.number']

type Column = { name: string; type: string }

async function filled(t: ExecutionContext) {
  const path = join(await tempFolder(t), 'p.db')
  const store = new Store(path, 'p', 1000)
  t.teardown(() => store.close())
  const database = new DatabaseSync(path)
  t.teardown(() => database.close())
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(({ name }) => name as string)
    .filter(table => !LEFT_OUT.includes(table))
  const columnsOf = (table: string) =>
    database.prepare(`SELECT name, type FROM pragma_table_info('${table}')`).all() as Column[]
  for (const table of tables) {
    const columns = columnsOf(table)
    database
      .prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`)
      .run(...columns.map(({ type }) => sample(type, 1)))
  }
  return { store, database, tables, columnsOf }
}

function sample(type: string, number: number) {
  if (type === 'INTEGER') return number
  return type === 'BLOB' ? Buffer.of(number) : String(number)
}

test('each column of each table counts, in whichever page it is', async t => {
  const { store, database, tables, columnsOf } = await filled(t)
  t.true(tables.length > 10)
  for (const maxBytes of [1, 1_000_000]) {
    const before = (await seen(store, maxBytes)).join()
    for (const table of tables) {
      for (const { name, type } of columnsOf(table)) {
        if (ORDER.includes(`${table}.${name}`)) continue
        for (const value of [sample(type, 2), ...(type === 'INTEGER' ? [2 ** 40] : [])]) {
          database.prepare(`UPDATE ${table} SET ${name} = ?`).run(value)
          t.not((await seen(store, maxBytes)).join(), before, `${table}.${name}`)
        }
        database.prepare(`UPDATE ${table} SET ${name} = ?`).run(sample(type, 1))
        t.is((await seen(store, maxBytes)).join(), before)
      }
    }
  }
})

test('a page is of about as many bytes as were asked for', t => {
  const store = new Store(':memory:', 'p')
  const json = 'x'.repeat(1000)
  write(
    store,
    Array.from({ length: 100 }, (_, key) => ({ key, json, index: 0 })),
  )
  const { bytes, next } = store.digests.page('', undefined, 10_000)
  t.true(bytes >= 10_000 && bytes < 11_100, `${bytes}`)
  t.regex(next!, /^\["item",/)
  t.is(digestsOf(store, 10_000).length, 21)
  store.close()
})

test('no page keeps the write-ahead log from being begun anew', async t => {
  const checkpointer = new ThreadCheckpointer()
  t.teardown(() => checkpointer.close())
  const store = new Store(join(await tempFolder(t), 'p.db'), 'p')
  t.teardown(() => store.close())
  write(
    store,
    [1, 2, 3].map(key => ({ key, json: 'x', index: 0 })),
  )
  store.writer.commit()
  t.is(typeof store.digests.page('', undefined, 1).next, 'string')
  await new Promise(resolve => setImmediate(resolve))
  t.true(await checkpointer.checkpoint(store.path, 'TRUNCATE'))
  t.is(store.spareBytes(), 0)
})
