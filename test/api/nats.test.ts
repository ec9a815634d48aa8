/** Changes and triggers on real nats-servers that stay: growth, targets and dead letters on subjects, what is left of deleted tables. */
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../server/base/clock.ts'
import { silent } from '../../server/base/logger.ts'
import type { StreamRecord } from '../../server/cluster/streamrecords.ts'
import { Clearing } from '../../server/streams/publish/clearing.ts'
import { NatsBus } from '../../server/streams/publish/nats/bus.ts'
import { NatsLink } from '../../server/streams/publish/nats/link.ts'
import { channelOf } from '../../server/streams/publish/subjects.ts'
import { startNats } from '../helpers/cluster.ts'
import { NatsReader, type StoredMessage } from '../helpers/natsreader.ts'
import { onClusters } from '../helpers/onclusters.ts'
import { Receiver } from '../helpers/receiver.ts'
import { makeTable, startOwnApi } from './api.ts'
import { type Event, Mappings, numbersOf, until } from './mappings.ts'
import { shardsOf, streamsClient, withStream } from './streams.ts'

const PATIENCE_MS = 120_000
const ACCOUNT = '123456789012'

type Change = { dynamodb: { Keys: { pk: { S: string } }; NewImage: { n: { N: string } } } }

onClusters(() => {
  let nats: Awaited<ReturnType<typeof startNats>>
  let reader: NatsReader

  test.before(async t => {
    t.timeout(PATIENCE_MS)
    nats = await startNats()
    reader = await NatsReader.connect(nats.urls)
  })

  test.after.always(async () => {
    await reader?.close()
    await nats?.remove()
  })

  /** A node that publishes to NATS and calls what is there. */
  async function start(t: ExecutionContext, prefix: string, more: object = {}) {
    const publish = { servers: nats.urls, prefix, replicas: 1, retentionHours: 24, limitHours: 48 }
    const options = { inMemory: true, partitions: 1, publish, triggerNats: { servers: nats.urls } }
    const api = await startOwnApi(t, { ...options, triggerHosts: ['127.0.0.1'], ...more })
    const mappings = new Mappings(api.node.endpoint)
    t.teardown(() => mappings.lambda.destroy())
    const table = await makeTable(api.db, { key: 'pk:S', more: withStream() })
    const EventSourceArn = (await api.db.describeTable({ TableName: table })).Table!.LatestStreamArn!
    return { ...api, mappings, table, EventSourceArn }
  }

  test('through a split and a merge each change is published once, and reaches a function, in the order of its item', async t => {
    t.timeout(PATIENCE_MS)
    const growth = { splitBytes: 12_000, growthMs: 100, idleMs: 500 }
    const { db, docs, node, mappings, table, EventSourceArn } = await start(t, 'growth', growth)
    const receiver = await Receiver.start(() => ({ waitMs: 5 }))
    t.teardown(() => receiver.close())
    await mappings.make(t, { EventSourceArn, FunctionName: `${receiver.url}/f`, BatchSize: 10 })
    const streams = streamsClient(node.endpoint)
    t.teardown(() => streams.destroy())
    const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`)
    let n = 0
    /** Writes all items anew, again and again, while so many partitions serve. */
    const writeWhile = async (bytes: number, goesOn: (partitions: number) => boolean) => {
      do {
        n += 1
        const text = 'x'.repeat(bytes)
        await Promise.all(keys.map(pk => docs.put({ TableName: table, Item: { pk, n, text } })))
        await sleep(20)
      } while (goesOn((await openShards()).length))
    }
    const openShards = async () =>
      (await shardsOf(streams, EventSourceArn)).filter(
        ({ SequenceNumberRange }) => SequenceNumberRange!.EndingSequenceNumber === undefined,
      )
    await writeWhile(10, () => n < 3)
    await writeWhile(1000, partitions => partitions < 2)
    await writeWhile(10, partitions => partitions > 1)
    await writeWhile(10, () => false)
    const shards = await shardsOf(streams, EventSourceArn)
    t.true(shards.length >= 4, 'the first, what it was split into, and what these were merged into')
    const count = n * keys.length
    const name = `growth-changes-${ACCOUNT}-${table}`
    const messages = await published(name, count)
    t.is(messages.length, count)
    t.is(new Set(messages.map(({ id }) => id)).size, count)
    const names = new Set(shards.map(({ ShardId }) => ShardId!))
    const used = new Set(messages.map(({ subject }) => subject.split('.').at(-1)!))
    t.true(used.size >= 4 && used.isSubsetOf(names), [...used].join())
    const all = Array.from({ length: n }, (_, i) => i + 1)
    const changes = messages.map(({ text }) => JSON.parse(text) as Change)
    for (const [pk, numbers] of byKey(changes)) t.deepEqual(numbers, all, `${pk} on NATS`)
    const told = () => receiver.bodies<Event>().flatMap(({ Records }) => Records as unknown as Change[])
    await until(() => told().length >= count)
    for (const [pk, numbers] of byKey(told())) t.deepEqual(numbers, all, `${pk} told to the function`)
    t.is((await db.describeTable({ TableName: table })).Table!.TableStatus, 'ACTIVE')
  })

  test('a service on a subject is called; what it refuses for good is told of on another, and none is lost', async t => {
    t.timeout(PATIENCE_MS)
    const { docs, mappings, table, EventSourceArn } = await start(t, 'targets')
    const put = (n: number) => docs.put({ TableName: table, Item: { pk: 'a', n } })
    for (let n = 1; n <= 3; n++) await put(n)
    const id = await mappings.make(t, {
      ...{ EventSourceArn, FunctionName: 'nats:shop.orders', BatchSize: 3, MaximumRetryAttempts: 1 },
      ...{ DestinationConfig: { OnFailure: { Destination: 'nats:failed.orders' } } },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
    // Nobody listens yet: that costs no retry.
    await until(async () => /^PROBLEM/.test((await mappings.show(id)).LastProcessingResult!))
    const asked: number[][] = []
    const ids: string[] = []
    const service = reader.nats.subscribe('shop.orders', {
      callback: (_, message) => {
        const event = message.json<Event>()
        asked.push(numbersOf(event))
        ids.push(message.headers!.get('Tavola-Id'))
        const bad = event.Records.filter(({ dynamodb }) => dynamodb.NewImage!.n!.N === '5')
        message.respond(
          JSON.stringify({ batchItemFailures: bad.map(r => ({ itemIdentifier: r.dynamodb.SequenceNumber })) }),
        )
      },
    })
    t.teardown(() => service.unsubscribe())
    await until(() => asked.length === 1)
    t.deepEqual(asked, [[1, 2, 3]])
    // Nobody takes what is given up: the shard waits.
    await put(5)
    await until(() => asked.length === 3)
    await put(6)
    await sleep(700)
    t.deepEqual(asked.slice(1), [[5], [5]])
    t.is(ids[1], ids[2], 'the same batch has the same id')
    const manager = await jetstreamManager(reader.nats)
    await manager.streams.add({ name: 'failed', subjects: ['failed.>'], allow_direct: true })
    await until(() => asked.length === 4)
    t.deepEqual(asked[3], [6])
    const [dead, ...more] = await reader.all('failed')
    t.deepEqual(more, [])
    const told = JSON.parse(dead!.text)
    t.is(told.requestContext.condition, 'RetryAttemptsExhausted')
    t.is(told.requestContext.approximateInvokeCount, 2)
    t.like(told.DDBStreamBatchInfo, { batchSize: 1, streamArn: EventSourceArn })
    t.false(dead!.text.includes('NewImage'))
  })

  test('a JetStream stream is a target, too: it keeps each batch', async t => {
    t.timeout(PATIENCE_MS)
    const { docs, mappings, table, EventSourceArn } = await start(t, 'kept')
    const manager = await jetstreamManager(reader.nats)
    await manager.streams.add({ name: 'kept-orders', subjects: ['kept.orders'], num_replicas: 3, allow_direct: true })
    await mappings.make(t, { EventSourceArn, FunctionName: 'nats:kept.orders', BatchSize: 1 })
    for (let n = 1; n <= 5; n++) await docs.put({ TableName: table, Item: { pk: 'a', n } })
    const kept = async () => (await reader.all('kept-orders')).map(({ text }) => numbersOf(JSON.parse(text) as Event))
    await until(async () => (await kept()).length === 5)
    t.deepEqual(await kept(), [[1], [2], [3], [4], [5]])
  })

  test('of a table that has gone the stream goes when its last message has; no other does', async t => {
    t.timeout(PATIENCE_MS)
    const realm = { account: ACCOUNT, region: 'us-east-1' }
    const bus = new NatsBus(new NatsLink({ servers: nats.urls }, systemClock), { replicas: 1, retentionMs: 5000 })
    t.teardown(() => bus.close())
    const publish = async (table: string) => {
      const channel = channelOf('old', realm, table, 'shard')
      await bus.last(channel)
      const append = () => bus.append(channel, [{ id: `${table}-1`, headers: {}, text: '{}' }], 0)
      // Just made, a stream may not be known yet where it is asked for.
      await until(() =>
        append().then(
          () => true,
          () => false,
        ),
      )
    }
    const there = async () => (await reader.streams()).filter(name => name.startsWith('old-')).sort()
    let tables = ['lives', 'goes.soon']
    const streams = { list: () => tables.map(name => ({ table: { name } }) as StreamRecord) }
    const clearing = new Clearing({ bus, streams, realm, prefix: 'old', clock: systemClock, logger: silent })
    for (const table of tables) await publish(table)
    const manager = await jetstreamManager(reader.nats)
    await manager.streams.add({ name: 'old-others', subjects: ['others.>'] })
    const [lives, goes] = ['lives', 'goes%2Esoon'].map(name => `old-changes-${ACCOUNT}-${name}`)
    tables = ['lives']
    // What can still be read stays.
    await clearing.clear()
    t.deepEqual(await there(), [goes, lives, 'old-others'])
    await until(async () => (await manager.streams.info(goes!)).state.messages === 0)
    await until(async () => (await manager.streams.info(lives!)).state.messages === 0)
    await clearing.clear()
    t.deepEqual(await there(), [lives, 'old-others'])
    // Somebody else was faster.
    await t.notThrowsAsync(bus.remove(goes!))
    // A table of that name comes again.
    await publish('goes.soon')
    t.deepEqual(await there(), [goes, lives, 'old-others'])
  })

  /** Resolves with all messages once there are so many. */
  async function published(stream: string, count: number): Promise<StoredMessage[]> {
    let messages: StoredMessage[] = []
    await until(async () => {
      messages = await reader.all(stream).catch(() => [])
      await sleep(100)
      return messages.length >= count
    })
    return messages
  }
})

function byKey(changes: Change[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>()
  for (const { dynamodb } of changes) {
    const key = dynamodb.Keys.pk.S
    numbers.set(key, [...(numbers.get(key) ?? []), Number(dynamodb.NewImage.n.N)])
  }
  return numbers
}
