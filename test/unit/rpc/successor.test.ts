/** A node that gives a partition away tells those who ask who leads it. */
import test from 'ava'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { settled, watch } from '../replica/fakes.ts'
import { KEY, PUT, standin } from './standin.ts'
import { connect } from './wire.ts'

test('who asks for what is being given away waits, and is told', async t => {
  let given = (_node: string | undefined) => {}
  const successor = new Promise<string | undefined>(resolve => (given = resolve))
  const wire = await connect(undefined, {
    node: { successor: partition => (partition === 'p' ? successor : undefined) },
  })
  t.teardown(wire.close)
  const remote = wire.remote()
  const asked = [watch(Promise.resolve(remote.get(KEY))), watch(remote.write(PUT))]
  const elsewhere = await t.throwsAsync(async () => wire.remote('q').get(KEY), { instanceOf: NotLeading })
  t.is(elsewhere!.leader, undefined)
  await settled()
  t.deepEqual(
    asked.map(({ outcome }) => outcome),
    ['pending', 'pending'],
  )
  given('next')
  const error = await t.throwsAsync(async () => remote.get(KEY), { instanceOf: NotLeading })
  t.is(error!.leader, 'next')
  for (const { outcome } of asked) t.is((outcome as NotLeading).leader, 'next')
})

test('who asks for what is being given to the node waits, and is answered there', async t => {
  const arrival = Promise.withResolvers<void>()
  let leader: ReturnType<typeof standin> | undefined
  const wire = await connect(undefined, {
    node: {
      leader: partition => (partition === 'p' ? leader : undefined),
      arrival: partition => (partition === 'p' && !leader ? arrival.promise : undefined),
    },
  })
  t.teardown(wire.close)
  const remote = wire.remote()
  const [read, written] = [watch(Promise.resolve(remote.get(KEY))), watch(remote.write(PUT))]
  await t.throwsAsync(async () => wire.remote('q').get(KEY), { instanceOf: NotLeading })
  await settled()
  t.deepEqual([read.outcome, written.outcome], ['pending', 'pending'])
  leader = standin()
  arrival.resolve()
  t.is(await remote.get(KEY), undefined)
  t.not(read.outcome, 'pending')
  t.is(leader.written, 1)
  leader.finish()
  await remote.get(KEY)
  t.not(written.outcome, 'pending')
})
