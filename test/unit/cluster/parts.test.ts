import test from 'ava'
import fc from 'fast-check'
import { inOrder, partsOf, refusalOf } from '../../../server/cluster/parts.ts'
import type { DynamoError } from '../../../server/model/errors.ts'
import type { Verdict } from '../../../server/partition/transaction.ts'
import { cut, table } from './given.ts'

const RECORD = table({ partitions: cut(4) })

function rowKey(hash: number): Buffer {
  const key = Buffer.alloc(5)
  key.writeUInt32BE(hash)
  return key
}

test('what is cut by partition and put together again is in the order of the request', t => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 32 - 2), { minLength: 1, maxLength: 30 }), hashes => {
      const elements = hashes.map(hash => ({ table: RECORD, hash }))
      const parts = partsOf(elements, element => rowKey(element.hash))
      t.is(parts[0]!.elements[0]!.hash, hashes[0]!, 'the first action leads')
      t.is(new Set(parts.map(({ partition }) => partition)).size, parts.length)
      for (const { partition, elements } of parts) {
        const { from, to } = RECORD.partitions.find(({ id }) => id === partition)!
        for (const { hash } of elements) t.true(hash >= from && hash < to)
      }
      const values = parts.map(({ elements }) => elements.map(({ hash }) => hash))
      t.deepEqual(inOrder<number>(parts, values), hashes)
    }),
  )
})

test('all refusals are told in their places, but a ValidationError alone', t => {
  const fine: Verdict = { outcome: { units: { table: 1, indexes: {} } }, size: 1 }
  const refused = (code: 'ConditionalCheckFailed' | 'TransactionConflict' | 'ValidationError', more = {}): Verdict => ({
    refusal: { code, message: `of ${code}`, ...more },
  })
  const reasons = (...verdicts: Verdict[]) =>
    (refusalOf(verdicts) as DynamoError | undefined)?.members?.CancellationReasons
  const none = { Code: 'None' }
  t.is(reasons(fine, fine), undefined)
  const item = { a: { S: 'x' } }
  t.deepEqual(reasons(refused('TransactionConflict'), fine, refused('ConditionalCheckFailed', { item })), [
    { Code: 'TransactionConflict', Message: 'of TransactionConflict' },
    none,
    { Code: 'ConditionalCheckFailed', Message: 'of ConditionalCheckFailed', Item: item },
  ])
  const wrong = refused('ValidationError')
  t.deepEqual(reasons(refused('ConditionalCheckFailed'), wrong, wrong), [
    none,
    { Code: 'ValidationError', Message: 'of ValidationError' },
    none,
  ])
})
