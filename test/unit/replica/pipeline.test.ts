import { randomUUID } from 'node:crypto'
import test from 'ava'
import { LogUnavailable, type Position, PositionConflict } from '../../../server/log/log.ts'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import { Applier } from '../../../server/replica/applier.ts'
import { NotLeading, Pipeline } from '../../../server/replica/pipeline.ts'
import { Store } from '../../../server/store/store.ts'
import { epoch, GatedLog, settled, watch } from './fakes.ts'

async function makePipeline() {
  const log = new GatedLog(await new MemoryLogStore().open(randomUUID(), 0))
  const applier = new Applier(new Store(':memory:', randomUUID()))
  const applied: Position[] = []
  const broke: Error[] = []
  const pipeline = new Pipeline(log, applier, 1, {
    applied: position => applied.push(position),
    broke: error => broke.push(error),
  })
  return { log, applier, applied, broke, pipeline }
}

test('proposals are applied in the order of the calls, and only once durable', async t => {
  const { log, applier, applied, pipeline } = await makePipeline()
  log.close()
  const proposals = [1, 2, 3, 4].map(() => watch(pipeline.propose(epoch)))
  await settled()
  t.is(pipeline.flying, 4)
  t.deepEqual(applied, [])
  await log.pass(2)
  t.deepEqual(applied, [1, 2])
  t.deepEqual(
    proposals.map(({ outcome }) => outcome),
    ['done', 'done', 'pending', 'pending'],
  )
  await log.pass()
  t.deepEqual(applied, [1, 2, 3, 4])
  t.is(applier.state.position, 4)
  t.is(pipeline.flying, 0)
  t.is(await pipeline.propose(epoch), 5)
})

test('an append that fails breaks it, once and for good', async t => {
  const { log, applier, applied, broke, pipeline } = await makePipeline()
  await pipeline.propose(epoch)
  log.close()
  const proposals = [1, 2, 3].map(() => watch(pipeline.propose(epoch)))
  await log.pass(1)
  await log.lose(new LogUnavailable('no disk'))
  t.is(proposals[0]!.outcome, 'done')
  for (const { outcome } of proposals.slice(1)) t.true(outcome instanceof NotLeading && outcome.message === 'no disk')
  t.deepEqual(
    broke.map(({ message }) => message),
    ['no disk'],
  )
  await t.throwsAsync(pipeline.propose(epoch), { instanceOf: NotLeading })
  t.deepEqual([applied, applier.state.position], [[1, 2], 2])
})

test("another leader's entry in the log ends it", async t => {
  const { log, broke, pipeline } = await makePipeline()
  await log.inner.append(Buffer.from('from another leader'), 0)
  await t.throwsAsync(pipeline.propose(epoch), { instanceOf: NotLeading, message: /another leader has appended/ })
  t.true(broke[0] instanceof PositionConflict)
})

test('while held nothing is applied; after that, all that became durable is', async t => {
  const { applier, pipeline } = await makePipeline()
  const release = pipeline.hold()
  const proposals = [1, 2].map(() => watch(pipeline.propose(epoch)))
  await settled()
  t.deepEqual([applier.state.position, proposals[1]!.outcome], [0, 'pending'])
  release()
  await settled()
  t.deepEqual([applier.state.position, proposals[1]!.outcome], [2, 'done'])
})

test('stopping fails what is under way', async t => {
  const { log, applier, broke, pipeline } = await makePipeline()
  log.close()
  const proposal = watch(pipeline.propose(epoch))
  pipeline.stop('closing')
  await log.pass()
  t.true(proposal.outcome instanceof NotLeading)
  await t.throwsAsync(pipeline.propose(epoch), { instanceOf: NotLeading, message: 'closing' })
  t.deepEqual([applier.state.position, broke], [0, []])
})

test('an entry that cannot be applied breaks it', async t => {
  const { applier, broke, pipeline } = await makePipeline()
  const release = pipeline.hold()
  const proposal = watch(pipeline.propose(epoch))
  await settled()
  // Something else has moved the state on.
  applier.apply([{ position: 1, bytes: Buffer.from('x'), entry: { ...epoch, epoch: 9, previous: '' } }])
  release()
  await settled()
  t.regex((proposal.outcome as Error).message, /entry 1 came after 1/)
  t.is(broke.length, 1)
})
