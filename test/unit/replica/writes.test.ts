import test from 'ava'
import fc from 'fast-check'
import { LogUnavailable } from '../../../server/log/log.ts'
import type { DynamoError } from '../../../server/model/errors.ts'
import type { Item } from '../../../server/model/item.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import { Interrupted, NotLeading } from '../../../server/replica/pipeline.ts'
import { item, key, N, PLAIN, partitionSchema, put, remove, S, update } from '../partition/given.ts'
import { type LedPartition, lead, settled, until, watch } from './fakes.ts'

const INCREMENT = { UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': N(1) } }
const IF_NEW = { ConditionExpression: 'attribute_not_exists(p)' }

function read({ store }: LedPartition, command: WriteCommand): Item | undefined {
  const image = store.reader.get(command.key)
  return image && JSON.parse(image.json)
}

test('a partition that does not know its table yet takes no write', async t => {
  const { leader } = await lead({ schema: partitionSchema(PLAIN, {}, { version: 0 }) })
  await t.throwsAsync(leader.write(put(item('a', 1))), { instanceOf: NotLeading })
  await leader.adopt(partitionSchema(PLAIN))
  await t.notThrowsAsync(leader.write(put(item('a', 1))))
})

test('each write sees those before it, applied or not', async t => {
  const partition = await lead()
  const counts = await Promise.all(
    Array.from({ length: 100 }, () =>
      partition.leader.write(update(key('a', 1), { ...INCREMENT, returnValues: 'UPDATED_NEW' })),
    ),
  )
  t.deepEqual(
    counts.map(({ attributes }) => JSON.parse(attributes!).n.N),
    Array.from({ length: 100 }, (_, i) => `${i + 1}`),
  )
  t.deepEqual(read(partition, update(key('a', 1))), item('a', 1, { n: N(100) }))
})

test('the writes of one turn of the event loop share an entry', async t => {
  const { leader, log } = await lead()
  const before = log.end()
  await Promise.all(Array.from({ length: 500 }, (_, i) => leader.write(put(item('a', i)))))
  t.is(log.end(), before + 1)
  t.deepEqual([leader.statistics().items], [500])
})

test('a write that waits behind an entry of another kind is proposed as soon as that is applied', async t => {
  const { leader, log } = await lead()
  log.depth = 1
  log.close()
  const adopting = leader.adopt(partitionSchema(PLAIN, {}, { version: 9 }))
  const write = watch(leader.write(put(item('a', 1))))
  await settled()
  await log.pass()
  await adopting
  await settled()
  t.is(write.outcome, 'done')
})

test('a write that waits behind an entry of another kind is told when the leader steps down', async t => {
  const { leader, log } = await lead()
  log.depth = 1
  log.close()
  const adopting = watch(leader.adopt(partitionSchema(PLAIN, {}, { version: 9 })))
  const write = watch(leader.write(put(item('a', 1))))
  await settled()
  leader.stop('it is over')
  await settled()
  t.true(adopting.outcome instanceof Interrupted)
  // Nothing of it was done: the next leader may be asked.
  t.true(write.outcome instanceof NotLeading && !(write.outcome instanceof Interrupted))
})

test('what is read is applied: not a write before its entry is durable', async t => {
  const partition = await lead()
  const { leader, log } = partition
  log.close()
  const first = watch(leader.write(put(item('a', 1, { x: S('1') }))))
  await settled()
  const second = watch(leader.write(put(item('a', 1, { x: S('2') }))))
  await settled()
  t.deepEqual([first.outcome, second.outcome, read(partition, put(item('a', 1)))], ['pending', 'pending', undefined])
  await log.pass(1)
  t.deepEqual([first.outcome, second.outcome], ['done', 'pending'])
  t.deepEqual(read(partition, put(item('a', 1))), item('a', 1, { x: S('1') }))
  await log.pass()
  t.is(second.outcome, 'done')
})

test('a refusal waits for the write it rests on (INV-R3)', async t => {
  const { leader, log } = await lead()
  log.close()
  const first = watch(leader.write(put(item('a', 1))))
  const refused = watch(leader.write(put(item('a', 1), IF_NEW)))
  await settled()
  t.deepEqual([first.outcome, refused.outcome], ['pending', 'pending'])
  await log.pass()
  t.is(first.outcome, 'done')
  t.is((refused.outcome as DynamoError).code, 'ConditionalCheckFailedException')
})

test('a refusal that rests on a write that was lost is none (INV-R3)', async t => {
  const { leader, log, broke } = await lead()
  log.close()
  const first = watch(leader.write(put(item('a', 1))))
  const refused = watch(leader.write(put(item('a', 1), IF_NEW)))
  await settled()
  await log.lose(new LogUnavailable('no disk'))
  t.true(first.outcome instanceof NotLeading)
  t.true(refused.outcome instanceof NotLeading)
  t.is(broke.length, 1)
})

test('an answer that nothing was changed waits too', async t => {
  const { leader, log } = await lead()
  log.close()
  void leader.write(put(item('a', 1)))
  const unchanged = watch(leader.write(update(key('a', 1), { UpdateExpression: 'REMOVE x' })))
  await settled()
  t.is(unchanged.outcome, 'pending')
  await log.pass()
  t.is(unchanged.outcome, 'done')
})

test('a refusal that rests on what is durable comes at once', async t => {
  const { leader, log } = await lead()
  await leader.write(put(item('a', 1)))
  log.close()
  const refused = watch(leader.write(put(item('a', 1), IF_NEW)))
  const nothing = watch(leader.write(remove(key('b', 1))))
  await settled()
  t.is((refused.outcome as DynamoError).code, 'ConditionalCheckFailedException')
  t.is(nothing.outcome, 'done')
})

test('when the log breaks, whatever waits is told, and nothing of it is seen', async t => {
  const partition = await lead()
  const { leader, log, applier } = partition
  log.close()
  const position = applier.state.position
  const writes = []
  for (let turn = 0; turn < 8; turn++) {
    writes.push(watch(leader.write(put(item('a', turn)))))
    await settled()
  }
  t.true(log.held < 8, 'some wait for a place in the pipeline')
  await log.lose(new LogUnavailable('no disk'))
  for (const { outcome } of writes) t.true(outcome instanceof NotLeading)
  t.is(applier.state.position, position)
  await t.throwsAsync(leader.write(put(item('b', 1))), { instanceOf: NotLeading })
})

test('more than the log can take is throttled, not kept', async t => {
  const { leader, log } = await lead()
  log.close()
  const big = { x: S('x'.repeat(390_000)) }
  const writes = Array.from({ length: 200 }, (_, i) => watch(leader.write(put(item('a', i, big)))))
  await settled()
  const refused = writes.filter(({ outcome }) => (outcome as DynamoError).code === 'ThrottlingException')
  t.true(refused.length > 10 && refused.length < 100)
  await log.pass()
  await until(() => writes.every(({ outcome }) => outcome !== 'pending'))
  t.is(writes.filter(({ outcome }) => outcome === 'done').length, 200 - refused.length)
  await leader.write(put(item('b', 1)))
})

test('whatever the log does, counters count what was acknowledged', async t => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), key: fc.nat(2), times: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('pass' as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.constant({ kind: 'turn' as const }),
  )
  const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, lost) => {
    const partition = await lead()
    const { leader, log } = partition
    log.close()
    const writes = [0, 1, 2].map(() => [] as { outcome: unknown }[])
    for (const step of steps) {
      if (step.kind === 'turn') await settled()
      else if (step.kind === 'pass') await log.pass(step.count)
      else
        for (let i = 0; i < step.times; i++)
          writes[step.key]!.push(watch(leader.write(update(key('k', step.key), INCREMENT))))
    }
    await settled()
    if (lost) await log.lose(new LogUnavailable('lost'))
    else {
      await log.pass()
      await settled()
    }
    for (const [k, outcomes] of writes.entries()) {
      const done = outcomes.filter(({ outcome }) => outcome === 'done').length
      t.is(Number(read(partition, update(key('k', k)))?.n?.N ?? 0), done)
      if (!lost) t.is(done, outcomes.length)
    }
  })
  await fc.assert(property, { numRuns: 60 })
})
