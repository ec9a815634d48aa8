/** How triggers deliver: targets of all kinds, failures, windows, and how the place is kept. */
import { createHmac } from 'node:crypto'
import test from 'ava'
import { type Answered, type Received, Receiver } from '../helpers/receiver.ts'
import { makeTable, startApi, startOwnApi } from './api.ts'
import { type Event, Mappings, numbersOf, until } from './mappings.ts'
import { shardsOf, streamsClient, withStream } from './streams.ts'

const receiver = await Receiver.start()
const answers = new Map<string, (request: Received) => Answered>()
receiver.answer = request => answers.get(request.path)?.(request) ?? {}
const { node, db, docs } = await startApi({ triggerHosts: ['127.0.0.1'], triggerSecret: 'secret' })
test.after.always(() => receiver.close())
const mappings = new Mappings(node.endpoint)
test.after.always(() => mappings.lambda.destroy())

async function table(): Promise<{ name: string; EventSourceArn: string }> {
  const name = await makeTable(db, { key: 'pk:S', more: withStream() })
  return { name, EventSourceArn: (await db.describeTable({ TableName: name })).Table!.LatestStreamArn! }
}

async function put(TableName: string, from: number, to: number, pk = 'a'): Promise<void> {
  for (let n = from; n <= to; n++) await docs.put({ TableName, Item: { pk, n } })
}

function sentTo(path: string): Received[] {
  return receiver.received.filter(request => request.path === path)
}

function events(path: string): Event[] {
  return sentTo(path).map(({ body }) => JSON.parse(body) as Event)
}

function seen(path: string): number[] {
  return events(path).flatMap(numbersOf)
}

const hook = (path: string) => `${receiver.url}${path}`
const failuresFor = (bad: number, { body }: Received): Answered => {
  const { Records } = JSON.parse(body) as Event
  const failed = Records.filter(({ dynamodb }) => Number(dynamodb.NewImage!.n!.N) === bad)
  return {
    body: JSON.stringify({ batchItemFailures: failed.map(r => ({ itemIdentifier: r.dynamodb.SequenceNumber })) }),
  }
}

test('a webhook gets a signed event', async t => {
  const { name, EventSourceArn } = await table()
  await mappings.make(t, { EventSourceArn, FunctionName: hook('/signed') })
  await put(name, 1, 3)
  await until(() => seen('/signed').length === 3)
  const [{ headers, body }] = sentTo('/signed') as [Received]
  const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['tavola-signature'] as string)!
  t.is(signature, createHmac('sha256', 'secret').update(`${time}.${body}`).digest('hex'))
  t.deepEqual(seen('/signed'), [1, 2, 3])
})

test('batches are no larger than asked for, and wait for their window', async t => {
  const { name, EventSourceArn } = await table()
  const more = { BatchSize: 4, MaximumBatchingWindowInSeconds: 2 }
  await put(name, 1, 10)
  await mappings.make(t, { EventSourceArn, FunctionName: hook('/sizes'), ...more })
  await until(() => seen('/sizes').length === 10)
  t.deepEqual(
    events('/sizes').map(({ Records }) => Records.length),
    [4, 4, 2],
  )
  const [, second, third] = sentTo('/sizes')
  t.true(third!.at - second!.at > 1500)
})

test('a partial answer repeats the rest; what fails for good is told of, and the rest goes on', async t => {
  const { name, EventSourceArn } = await table()
  answers.set('/partial', request => failuresFor(3, request))
  await put(name, 1, 5)
  const Destination = hook('/told')
  await mappings.make(t, {
    ...{ EventSourceArn, FunctionName: hook('/partial'), FunctionResponseTypes: ['ReportBatchItemFailures'] },
    ...{ MaximumRetryAttempts: 1, BisectBatchOnFunctionError: true, DestinationConfig: { OnFailure: { Destination } } },
  })
  await until(() => sentTo('/partial').length === 6)
  t.deepEqual(events('/partial').map(numbersOf), [[1, 2, 3, 4, 5], [3, 4, 5], [3, 4], [3], [4], [5]])
  const [told] = receiver.received.filter(({ path }) => path === '/told').map(({ body }) => JSON.parse(body))
  t.is(told.requestContext.condition, 'RetryAttemptsExhausted')
  t.is(told.DDBStreamBatchInfo.batchSize, 1)
  t.is(told.DDBStreamBatchInfo.streamArn, EventSourceArn)
  const counts = (n: number) => seen('/partial').filter(one => one === n).length
  t.deepEqual([counts(1), counts(2)], [1, 1])
})

test('a function that is away is waited for, and costs no retry', async t => {
  const { name, EventSourceArn } = await table()
  const away = await Receiver.start()
  const { port } = away
  await away.close()
  await put(name, 1, 3)
  const id = await mappings.make(t, {
    ...{ EventSourceArn, FunctionName: `http://127.0.0.1:${port}/away`, MaximumRetryAttempts: 0 },
  })
  await until(async () => /PROBLEM: ECONNREFUSED/.test((await mappings.show(id)).LastProcessingResult!))
  await away.listen(port)
  t.teardown(() => away.close())
  await until(() => away.received.length > 0)
  t.deepEqual(away.bodies<Event>().flatMap(numbersOf), [1, 2, 3])
  await until(async () => (await mappings.show(id)).LastProcessingResult === 'OK')
})

test('a slow function holds up no other, nor any write; lanes go on by themselves, each in order', async t => {
  const { name, EventSourceArn } = await table()
  answers.set('/slow', ({ body }) => (body.includes('"stuck"') ? { status: 500 } : {}))
  await mappings.make(t, { EventSourceArn, FunctionName: hook('/slow'), ParallelizationFactor: 10, BatchSize: 5 })
  await mappings.make(t, { EventSourceArn, FunctionName: hook('/quick') })
  await docs.put({ TableName: name, Item: { pk: 'stuck', n: 0 } })
  const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`)
  for (const pk of keys) await put(name, 1, 2, pk)
  await until(() => seen('/quick').length === 81)
  const through = () => new Set(events('/slow').flatMap(({ Records }) => Records.map(r => r.dynamodb.Keys.pk.S))).size
  // Those that share the lane of the one that is stuck wait.
  await until(() => through() > 30)
  const order = new Map<string, number[]>()
  for (const { dynamodb } of events('/slow').flatMap(({ Records }) => Records)) {
    const list = order.get(dynamodb.Keys.pk.S) ?? []
    order.set(dynamodb.Keys.pk.S, [...list, Number(dynamodb.NewImage!.n!.N)])
  }
  order.delete('stuck')
  for (const [pk, list] of order) t.deepEqual(list, [1, 2].slice(0, list.length), pk)
})

test('disabled and enabled again, it goes on where it was', async t => {
  const { name, EventSourceArn } = await table()
  const id = await mappings.make(t, { EventSourceArn, FunctionName: hook('/pause') })
  await put(name, 1, 3)
  await until(() => seen('/pause').length === 3)
  await mappings.change(id, { Enabled: false }, 'Disabled')
  await put(name, 4, 6)
  await mappings.change(id, { Enabled: true, ParallelizationFactor: 2 }, 'Enabled')
  await until(() => seen('/pause').length >= 6)
  t.deepEqual(seen('/pause'), [1, 2, 3, 4, 5, 6])
})

test('a tumbling window carries its state, and ends', async t => {
  const { name, EventSourceArn } = await table()
  answers.set('/window', ({ body }) => {
    const event = JSON.parse(body) as Event
    const sum = (event.state!.sum ?? 0) + numbersOf(event).reduce((a, b) => a + b, 0)
    return { body: JSON.stringify({ state: { sum } }) }
  })
  await mappings.make(t, { EventSourceArn, FunctionName: hook('/window'), TumblingWindowInSeconds: 2, BatchSize: 2 })
  await put(name, 1, 5)
  const finals = () => events('/window').filter(({ isFinalInvokeForWindow }) => isFinalInvokeForWindow)
  await until(() => seen('/window').length === 5)
  const windows = () => new Set(events('/window').map(({ window }) => window!.start))
  await until(() => finals().length === windows().size)
  t.is(
    finals().reduce((sum, { state }) => sum + state!.sum!, 0),
    15,
  )
  t.true(finals().every(({ Records }) => Records.length === 0))
})

test('an item stays in order when its partition is split', async t => {
  const own = await startOwnApi(t, {
    inMemory: true,
    partitions: 1,
    splitBytes: 4000,
    growthMs: 100,
    triggerHosts: ['127.0.0.1'],
  })
  const its = new Mappings(own.node.endpoint)
  t.teardown(() => its.lambda.destroy())
  const TableName = await makeTable(own.db, { key: 'pk:S', more: withStream() })
  const EventSourceArn = (await own.db.describeTable({ TableName })).Table!.LatestStreamArn!
  // The old shard is not done with as the new ones begin.
  answers.set('/split', ({ body }) => ({ waitMs: 20, body: body && '{}' }))
  await its.make(t, { EventSourceArn, FunctionName: hook('/split'), BatchSize: 5, ParallelizationFactor: 2 })
  const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`)
  const streams = streamsClient(own.node.endpoint)
  t.teardown(() => streams.destroy())
  let n = 0
  const shards = async () => (await shardsOf(streams, EventSourceArn)).length
  do {
    n += 1
    for (const pk of keys) await own.docs.put({ TableName, Item: { pk, n, text: 'x'.repeat(100) } })
  } while (n < 3 || ((await shards()) < 3 && n < 40))
  t.true((await shards()) >= 3)
  await until(() => seen('/split').length >= n * keys.length)
  const order = new Map<string, number[]>()
  for (const { dynamodb } of events('/split').flatMap(({ Records }) => Records)) {
    const list = order.get(dynamodb.Keys.pk.S) ?? []
    order.set(dynamodb.Keys.pk.S, [...list, Number(dynamodb.NewImage!.n!.N)])
  }
  const all = Array.from({ length: n }, (_, i) => i + 1)
  for (const pk of keys) t.deepEqual(order.get(pk), all, pk)
})
