/** What a stream records of writes, against a plain list of items. */
import { randomUUID } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import { itemOfRow } from '../../../server/codec/decode.ts'
import { rowKey } from '../../../server/codec/key.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import type { StreamViewType, TableSchema } from '../../../server/model/schema.ts'
import { itemSize } from '../../../server/model/size.ts'
import { applyEntry } from '../../../server/partition/apply.ts'
import { differenceOf, differs, oldText } from '../../../server/partition/changes.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import { decodeEntry, type Effect, type EntryBody, encodeEntry } from '../../../server/partition/entry.ts'
import { evaluate } from '../../../server/partition/evaluate.ts'
import { changesPage } from '../../../server/partition/recorded.ts'
import type { PartitionSchema } from '../../../server/partition/schema.ts'
import { sequenceOf } from '../../../server/store/changes.ts'
import type { AppliedState } from '../../../server/store/rows.ts'
import { Store } from '../../../server/store/store.ts'
import { base64, number, text, value } from '../model/arbitraries.ts'
import { command } from './arbitraries.ts'
import { INDEXED, item, N, PLAIN, partitionSchema, put, S } from './given.ts'

const ALL = 2n ** 62n
const itemValue = fc.dictionary(text, value, { maxKeys: 6 })
const keyValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.filter(text => text !== '' && text.isWellFormed()).map(S => ({ S })),
  number.map(N => ({ N })),
  base64.filter(text => text !== '').map(B => ({ B })),
)

class Partition {
  readonly store = new Store(':memory:', randomUUID())
  readonly state: AppliedState = { position: 0, chain: '', epoch: 0, items: 0, bytes: 0 }
  schema: PartitionSchema | undefined

  apply(body: EntryBody): void {
    const bytes = encodeEntry({ ...body, epoch: 3, previous: '' })
    applyEntry(this.store.writer, this.state, decodeEntry(bytes), bytes, this.schema)
    this.state.position += 1
    if (body.kind === 'schema') this.schema = body.schema
  }

  adopt(label: string | undefined, viewType: StreamViewType = 'NEW_AND_OLD_IMAGES', table = INDEXED): void {
    const stream = label === undefined ? undefined : { label, viewType }
    this.apply({ kind: 'schema', schema: partitionSchema({ ...table, stream }), time: 7 })
  }
}

/** More than fits into the log beside a change. */
const LONG = S('long '.repeat(2000))
const write = fc.oneof(
  { weight: 9, arbitrary: command },
  fc.constantFrom(
    put(item('a', 2, { x: LONG })),
    put(item('a', 2, { y: N(1), x: LONG })),
    put(item('b', 10, { x: LONG })),
  ),
)
const VIEWS: StreamViewType[] = ['NEW_AND_OLD_IMAGES', 'NEW_IMAGE', 'OLD_IMAGE', 'KEYS_ONLY']

test('the records of any writes are the way from nothing to the items, whether entries or rows keep them', t => {
  const given = fc.record({
    entries: fc.array(fc.array(write, { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
    view: fc.constantFrom(...VIEWS),
    table: fc.constantFrom(INDEXED, PLAIN),
    /** As entries were before they told how old images differ. */
    withoutOld: fc.boolean(),
  })
  fc.assert(
    fc.property(given, ({ entries, view, table, withoutOld }) => {
      const partition = new Partition()
      partition.adopt('s', view, table)
      const { reader, changes } = partition.store
      const expected: [Item | undefined, Item | undefined][] = []
      const model = new Map<string, Item>()
      for (const commands of entries) {
        const effects: Effect[] = []
        for (const command of commands) {
          const { key } = command
          // The leader has each key once in an entry that it has just begun; which of them follow does not matter here.
          if (effects.some(effect => key.equals(effect.key))) continue
          const effect = evaluated(partition.schema!.table, command, reader)
          if (!effect) continue
          const before = model.get(key.toString('hex'))
          const after = effect.image && (JSON.parse(effect.image.json) as Item)
          if (canonical(before) !== canonical(after)) expected.push([before, after])
          if (after) model.set(key.toString('hex'), after)
          else model.delete(key.toString('hex'))
          if (withoutOld) delete effect.old
          effects.push(effect)
        }
        partition.apply({ kind: 'write', time: 5, effects })
      }
      const { rows, cut } = changesPage(changes, 0n, ALL, 1000, 1e9)
      t.false(cut)
      const [old, now] = [view.includes('OLD'), view.includes('NEW_')]
      t.deepEqual(
        rows.map(({ oldImage, newImage }) => [canonical(parsed(oldImage)), canonical(parsed(newImage))]),
        expected.map(([before, after]) => [canonical(old ? before : undefined), canonical(now ? after : undefined)]),
      )
      for (const [i, row] of rows.entries()) {
        const [before, after] = expected[i]!
        t.deepEqual([row.before, row.after], [before && itemSize(before), after && itemSize(after)])
        t.deepEqual(itemOfRow(table.key, Buffer.from(row.key)), keysOf((before ?? after)!))
        t.deepEqual([row.time, row.byService], [5, false])
        if (i > 0) t.true(row.sequence > rows[i - 1]!.sequence)
        // Whoever goes on from any of them finds the rest.
        if (i % 4 === 1) t.deepEqual(changesPage(changes, row.sequence, ALL, 1000, 1e9).rows, rows.slice(i))
      }
    }),
    { numRuns: 120 },
  )
})

function evaluated(table: TableSchema, command: WriteCommand, reader: Store['reader']): Effect | undefined {
  const { key } = command
  try {
    return evaluate(table, command, { size: () => reader.sizeOf(key), image: () => reader.get(key) }).effect
  } catch {
    return undefined
  }
}

test('an entry keeps its own changes, unless it lacks an old image or keys are all that is shown', t => {
  const kept = (view: StreamViewType, ...items: Item[]) => {
    const partition = new Partition()
    partition.adopt('s', view, PLAIN)
    for (const item of items)
      partition.apply({
        kind: 'write',
        time: 5,
        effects: [evaluated(partition.schema!.table, put(item), partition.store.reader)!],
      })
    return [...partition.store.changes.rows(0n, ALL)].map(row => 'bytes' in row)
  }
  const [short, other, long] = [item('a', 1), item('a', 1, { y: N(2) }), item('a', 1, { x: LONG })]
  for (const view of ['NEW_AND_OLD_IMAGES', 'OLD_IMAGE'] as const)
    t.deepEqual(kept(view, short, long, other), [true, true, false])
  t.deepEqual(kept('NEW_IMAGE', short, long, other), [true, true, true])
  t.deepEqual(kept('KEYS_ONLY', short, long, other), [false, false, false])
})

test('a difference makes the old text of the new one, whatever characters they have', t => {
  const words = fc.array(fc.constantFrom('a', 'b', 'word ', '😀', '😁', '🨀', 'é', 'x'.repeat(40)), { maxLength: 30 })
  fc.assert(
    fc.property(words, words, words, words, (head, old, now, tail) => {
      const [before, after] = [old, now].map(middle => [...head, ...middle, ...tail].join('')) as [string, string]
      const difference = differenceOf(before, after)
      t.is(oldText(difference, after), before)
      t.true(difference.text.isWellFormed())
      t.true(difference.text.length <= old.join('').length + 1)
    }),
    { numRuns: 500 },
  )
  t.deepEqual(differenceOf('{"a":1,"b":2}', '{"a":1,"b":33}'), { start: 11, end: 1, text: '2' })
  t.deepEqual(differenceOf('aaa', 'aa'), { start: 2, end: 0, text: 'a' })
  t.deepEqual(differenceOf('old', ''), { start: 0, end: 0, text: 'old' })
})

const parsed = (json: string | undefined) => json && (JSON.parse(json) as Item)
const keysOf = ({ p, s }: Item) => ({ p, s })

function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))
      : part,
  )
}

test('an item in another order is the same item', t => {
  const stored = (item: Item) => ({ json: JSON.stringify(item), size: itemSize(item), item })
  const is = (a: Item, b: Item) => !differs({ json: JSON.stringify(a), size: itemSize(a) }, stored(b))
  fc.assert(
    fc.property(itemValue, item => {
      t.true(is(item, item))
      t.true(is(item, Object.fromEntries(Object.entries(item).reverse())))
    }),
  )
  t.true(is({ a: { SS: ['x', 'y'] } }, { a: { SS: ['y', 'x'] } }))
  t.false(is({ a: { SS: ['x', 'y'] } }, { a: { SS: ['x', 'z'] } }))
  t.false(is({ a: S('xy') }, { a: S('yx') }))
  t.false(is({ a: { L: [S('x'), S('y')] } }, { a: { L: [S('y'), S('x')] } }))
  t.false(is({ a: S('1') }, { a: N(1) }))
  t.false(differs(undefined, undefined))
  t.true(differs(undefined, stored({})))
  t.true(differs(stored({}), undefined))
})

test('a row keeps the key of its item', t => {
  fc.assert(
    fc.property(keyValue, keyValue, (hash, range) => {
      const schema = {
        hash: [{ name: '__proto__', type: Object.keys(hash)[0] as 'S' }],
        range: [{ name: 'r', type: Object.keys(range)[0] as 'S' }],
      }
      const item = Object.fromEntries([['r', range]]) as Item
      Object.defineProperty(item, '__proto__', { value: hash, enumerable: true })
      const read = itemOfRow(schema, rowKey(schema, item))
      t.deepEqual(
        [Object.entries(read)],
        [
          [
            ['__proto__', hash],
            ['r', range],
          ],
        ],
      )
    }),
  )
})

test('a stream has what comes between two schemas; the last ones can be forgotten, the changes with them', t => {
  const partition = new Partition()
  const write = (y: number) => {
    const command = put(item('a', 1, { y: N(y) }))
    const { reader } = partition.store
    const current = { size: () => reader.sizeOf(command.key), image: () => reader.get(command.key) }
    const { effect } = evaluate(partition.schema!.table, command, current)
    partition.apply({ kind: 'write', time: y, effects: [effect!] })
  }
  partition.adopt(undefined)
  write(1)
  partition.adopt('one')
  write(2)
  partition.adopt('one')
  write(3)
  partition.adopt(undefined)
  write(4)
  partition.adopt('two')
  write(5)
  const { changes } = partition.store
  t.deepEqual(changes.streams(), [
    { label: 'one', since: sequenceOf(3), until: sequenceOf(7), endedAt: 7 },
    { label: 'two', since: sequenceOf(9), until: undefined, endedAt: undefined },
  ])
  const times = () => changesPage(changes, 0n, ALL, 1000, 1e9).rows.map(({ time }) => time)
  t.deepEqual(times(), [2, 3, 5])
  t.deepEqual([changes.lastBefore(3, 9, 1e9), changes.lastBefore(2, 9, 1e9)], [sequenceOf(4), undefined])
  t.is(changes.lastBefore(99, 2, 1e9), sequenceOf(6))
  t.is(changes.lastBefore(99, 9, 1), sequenceOf(4))
  partition.apply({ kind: 'trim', upTo: sequenceOf(4), streams: [] })
  t.deepEqual(times(), [3, 5])
  partition.apply({ kind: 'trim', upTo: sequenceOf(6), streams: ['one'] })
  t.deepEqual([times(), changes.streams().map(({ label }) => label)], [[5], ['two']])
})

test('pages of changes are bounded, but for the first', t => {
  const partition = new Partition()
  partition.adopt('s', 'NEW_IMAGE', PLAIN)
  for (let i = 0; i < 20; i++) {
    const command = put(item(`${i}`, 1, { x: S('x'.repeat(i === 10 ? 5000 : 100)) }))
    const { effect } = evaluate(partition.schema!.table, command, { size: () => undefined, image: () => undefined })
    partition.apply({ kind: 'write', time: i, effects: [effect!, { ...effect!, key: Buffer.from('none') }] })
  }
  const { changes } = partition.store
  for (const [limit, maxBytes] of [
    [3, 1e9],
    [1000, 500],
    [1000, 1],
    [7, 3000],
  ] as const) {
    const seen: bigint[] = []
    for (let from = 0n, more = true; more; ) {
      const page = changesPage(changes, from, ALL, limit, maxBytes)
      t.true(page.rows.length <= limit)
      const bytes = page.rows.reduce((sum, { newImage, key }) => sum + newImage!.length + key.length, 0)
      t.true(page.rows.length === 1 || bytes <= maxBytes)
      seen.push(...page.rows.map(({ sequence }) => sequence))
      from = (seen.at(-1) ?? 0n) + 1n
      more = page.cut
    }
    t.is(seen.length, 40)
    t.deepEqual(
      seen,
      changesPage(changes, 0n, ALL, 1000, 1e9).rows.map(({ sequence }) => sequence),
    )
  }
})
