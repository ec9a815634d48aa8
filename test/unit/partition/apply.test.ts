/** Evaluate and apply together, against a plain list of items. */
import { randomUUID } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import type { Item } from '../../../server/model/item.ts'
import { applyEntry, type BackfillState, backfillDocument, SCHEMA } from '../../../server/partition/apply.ts'
import { decodeEntry, type EntryBody, encodeEntry } from '../../../server/partition/entry.ts'
import { evaluate } from '../../../server/partition/evaluate.ts'
import type { PartitionSchema } from '../../../server/partition/schema.ts'
import { rowsOfEntry } from '../../../server/replica/feed.ts'
import type { AppliedState } from '../../../server/store/rows.ts'
import { Store } from '../../../server/store/store.ts'
import { command } from './arbitraries.ts'
import { expectedRows, statisticsOf, texts } from './expected.ts'
import { BY_DATE, BY_OWNER, BY_PHASE, BY_SIZE, INDEXED, partitionSchema } from './given.ts'

class Bench {
  readonly store = new Store(':memory:', randomUUID())
  schema: PartitionSchema | undefined
  readonly state: AppliedState = { position: 0, chain: '', epoch: 0, items: 0, bytes: 0 }

  apply(body: EntryBody): EntryBody {
    const entry = decodeEntry(encodeEntry({ ...body, epoch: 3, previous: '' }))
    applyEntry(this.store.writer, this.state, entry, encodeEntry(entry), this.schema)
    this.state.position += 1
    if (entry.kind === 'schema') this.schema = entry.schema
    return entry
  }

  rows(table?: number): Item[] {
    const page = this.store.reader.range(table, { from: Buffer.of(0), to: Buffer.alloc(9, 255), maxBytes: 1e9 })
    return page.rows.map(({ json }) => JSON.parse(json))
  }
}

test('items, index rows and figures are those of a plain list', t => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 30 }), commands => {
      const bench = new Bench()
      bench.apply({ kind: 'schema', schema: partitionSchema(INDEXED) })
      const model = new Map<string, Item>()
      const global = new Map<string, Map<string, Item>>([BY_OWNER, BY_PHASE].map(({ id }) => [id, new Map()]))
      for (const command of commands) {
        const { key } = command
        const current = { size: () => bench.store.reader.sizeOf(key), image: () => bench.store.reader.get(key) }
        let effect: ReturnType<typeof evaluate>['effect']
        try {
          effect = evaluate(INDEXED, command, current).effect
        } catch {
          continue
        }
        if (!effect) continue
        if (effect.image) model.set(key.toString('hex'), JSON.parse(effect.image.json))
        else model.delete(key.toString('hex'))
        const entry = bench.apply({ kind: 'write', time: 1, effects: [effect] })
        for (const [index, rows] of rowsOfEntry(entry)) {
          for (const { key, image } of rows) {
            if (image) global.get(index)!.set(key.toString('hex'), JSON.parse(image.json))
            else t.true(global.get(index)!.delete(key.toString('hex')), 'only what is there is removed')
          }
        }
      }
      const items = [...model.values()]
      t.deepEqual(texts(bench.rows()), texts(items))
      const { items: count, bytes } = bench.state
      t.deepEqual({ items: count, bytes }, statisticsOf(items))
      for (const [number, index] of [BY_DATE, BY_SIZE].entries()) {
        const expected = expectedRows(index, items)
        t.deepEqual(texts(bench.rows(number)), texts(expected))
        t.deepEqual(bench.store.reader.localStatistics(number), statisticsOf(expected))
      }
      for (const index of [BY_OWNER, BY_PHASE])
        t.deepEqual(texts(global.get(index.id)!.values()), texts(expectedRows(index, items)))
    }),
    { numRuns: 150 },
  )
})

test('a local index is read in the order of its range, then of the table', t => {
  const bench = new Bench()
  const put = (p: string, s: number, size: number) => {
    const item = { p: { S: p }, s: { N: `${s}` }, size: { N: `${size}` } }
    const command = { kind: 'put' as const, key: Buffer.from(`${p}${s}`), item, size: 1 }
    const { effect } = evaluate(INDEXED, command, { size: () => undefined, image: () => undefined })
    bench.apply({ kind: 'write', time: 1, effects: [effect!] })
  }
  put('a', 1, 30)
  put('a', 2, -4)
  put('a', 10, 30)
  put('a', 3, 100)
  t.deepEqual(
    bench.rows(1).map(row => row.s!.N),
    ['2', '1', '10', '3'],
  )
})

test('the schema, the epoch, a backfill and a feed leave what they should', t => {
  const bench = new Bench()
  const schema = partitionSchema(INDEXED, {}, { backfill: [BY_OWNER.id] })
  bench.apply({ kind: 'epoch', node: 'n' })
  bench.apply({ kind: 'schema', schema })
  t.is(bench.state.epoch, 3)
  t.deepEqual(bench.store.reader.document(SCHEMA), schema)
  const progress = () => bench.store.reader.document<BackfillState>(backfillDocument(BY_OWNER.id))
  t.is(progress(), undefined)
  bench.apply({ kind: 'backfill', index: BY_OWNER.id, rows: [], cursor: Buffer.from('k') })
  t.deepEqual(progress(), { cursor: Buffer.from('k').toString('base64') })
  bench.apply({ kind: 'backfill', index: BY_OWNER.id, rows: [], cursor: undefined })
  t.deepEqual(progress(), { done: true })
  const row = { key: Buffer.from('row'), image: { json: '{}', size: 9 }, before: undefined, local: [], global: [] }
  bench.apply({ kind: 'feed', source: 'from', position: 12, effects: [row] })
  t.is(bench.store.reader.consumed('from'), 12)
  t.deepEqual([bench.state.items, bench.state.bytes], [1, 9])
  bench.apply({ kind: 'feed', source: 'from', position: 13, effects: [{ ...row, image: undefined, before: 9 }] })
  t.deepEqual([bench.state.items, bench.state.bytes, bench.store.reader.consumed('from')], [0, 0, 13])
})
