/** Shards, sequence numbers, iterators. */
import test from 'ava'
import fc from 'fast-check'
import type { StreamRecord } from '../../../server/cluster/streamrecords.ts'
import { iteratorText, parseIterator } from '../../../server/streams/iterator.ts'
import { changeNames, sequenceAt, sequenceText, shardsOf } from '../../../server/streams/shards.ts'
import { cut, table } from '../cluster/given.ts'

const uuid = fc.uuid()
const sequence = fc.bigInt(0n, 2n ** 63n - 1n)

test('texts of numbers are in the order of the numbers, as long as one another, and no two partitions share one', t => {
  fc.assert(
    fc.property(uuid, uuid, sequence, sequence, (one, other, a, b) => {
      const [textA, textB] = [sequenceText(one, a), sequenceText(one, b)]
      t.regex(textA, /^\d{34}$/)
      t.is(BigInt(textA) < BigInt(textB), a < b)
      t.is(textA < textB, a < b)
      if (one.slice(0, 11) !== other.slice(0, 11)) t.not(sequenceText(other, a), textA)
    }),
  )
})

test('a text finds its number, the one after it, and, if it is none of the partition, the next there may be', t => {
  fc.assert(
    fc.property(uuid, sequence, fc.bigInt(1n, 10n ** 13n - 1n), (partition, sequence, little) => {
      const text = sequenceText(partition, sequence)
      t.is(sequenceAt(partition, text, false), sequence)
      t.is(sequenceAt(partition, text, true), sequence + 1n)
      for (const after of [false, true]) {
        t.is(sequenceAt(partition, String(BigInt(text) + little), after), sequence + 1n)
        t.is(sequenceAt(partition, String(BigInt(text) - little), after), sequence)
      }
    }),
  )
})

const eventId = (partition: string, sequence: bigint) => changeNames(partition).eventId(sequence)

test('ids of events are of 32 digits, and of no two changes the same', t => {
  const partitions = fc.uniqueArray(uuid, { minLength: 2, maxLength: 2, selector: id => id.slice(0, 18) })
  fc.assert(
    fc.property(partitions, sequence, sequence, ([one, other], a, b) => {
      t.regex(eventId(one!, a), /^[0-9a-f]{32}$/)
      t.not(eventId(one!, a), eventId(other!, a))
      t.is(eventId(one!, a) === eventId(one!, b), a === b)
    }),
  )
})

test('an iterator is read back as it was written', t => {
  const iterator = fc.record({
    arn: fc.string().filter(text => !text.includes('|')),
    shard: fc.string(),
    from: fc.option(sequence, { nil: undefined }),
    issued: fc.nat(),
  })
  fc.assert(fc.property(iterator, iterator => t.deepEqual(parseIterator(iteratorText(iterator)), iterator)))
})

test('whatever is no iterator is told from one', t => {
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
  fc.assert(fc.property(fc.string(), text => t.is(parseIterator(text), undefined)))
  fc.assert(
    fc.property(fc.json(), json => t.is(parseIterator(`a|1|${Buffer.from(json).toString('base64')}`), undefined)),
  )
  for (const fields of [
    ['s', '-1', 1],
    ['s', String(2n ** 63n), 1],
    ['s', '9'.repeat(30), 1],
    ['s', 1, 1],
    [1, '1', 1],
    ['s', '1', 'x'],
    ['s', '1', 1, 1],
  ])
    t.is(parseIterator(`a|1|${base64(fields)}`), undefined, JSON.stringify(fields))
  t.truthy(parseIterator(`a|1|${base64(['s', '1', 1])}`))
})

test("a shard's name tells its stream's from others', and stays", t => {
  const record = table({
    partitions: cut(64).map((slice, i) => ({
      ...slice,
      id: `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`,
    })),
  })
  const stream = (label: string): StreamRecord => ({
    table: record,
    label,
    viewType: 'KEYS_ONLY',
    status: 'ENABLED',
    keySchema: record.keySchema,
    partitions: record.partitions,
  })
  const [one, other] = [shardsOf(stream('2024-01-01T00:00:00.000')), shardsOf(stream('2024-01-01T00:00:00.001'))]
  t.is(new Set([...one, ...other].map(({ id }) => id)).size, 128)
  t.deepEqual(one, shardsOf(stream('2024-01-01T00:00:00.000')))
  for (const { id } of one) t.regex(id, /^shardId-00000001704067200000-[0-9a-f]{16}$/)
})

test('a shard that two were merged into names the one with the longer line of parents', t => {
  const id = (i: number) => `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`
  const slice = (i: number) => ({ id: id(i), from: 0, to: 1 })
  const retire = (i: number, ...heirs: number[]) => ({ ...slice(i), heirs: heirs.map(id), since: i })
  for (const merged of [
    [retire(2, 5), retire(4, 5)],
    [retire(4, 5), retire(2, 5)],
  ]) {
    // 1 into 2 and 3; 3 into 4; 2 and 4 into 5.
    const retired = [retire(1, 2, 3), retire(3, 4), ...merged]
    const record = table({ partitions: [slice(5)], retired })
    const partitions = [1, 2, 3, 4, 5].map(slice)
    const label = '2024-01-01T00:00:00.000'
    const stream = {
      table: record,
      label,
      viewType: 'KEYS_ONLY',
      status: 'ENABLED',
      keySchema: record.keySchema,
      partitions,
    } as const
    const shards = shardsOf(stream)
    const nameOf = (i: number) => shards.find(shard => shard.partition === id(i))!
    t.deepEqual(
      [1, 2, 3, 4, 5].map(i => nameOf(i).parent),
      [undefined, nameOf(1).id, nameOf(1).id, nameOf(3).id, nameOf(4).id],
    )
  }
})
