/** Changes on NATS: real servers, which are taken away meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb'
import test from 'ava'
import type { ClusterStatus } from '../../server/cluster/status.ts'
import { startNats } from '../helpers/cluster.ts'
import { scrape } from '../helpers/metrics.ts'
import { NatsReader, type StoredMessage } from '../helpers/natsreader.ts'
import { startTestNode, type TestNode } from '../helpers/node.ts'
import { onClusters } from '../helpers/onclusters.ts'
import { makeTempFolder } from '../helpers/temp.ts'

const TABLE = 'orders.of-2026_A'
const STREAM = 'tavola-changes-123456789012-orders%2Eof-2026_A'
const PATIENCE_MS = 60_000

type Change = {
  eventID: string
  eventName: string
  dynamodb: { Keys: { pk: { S: string } }; NewImage?: { n: { N: string } } }
}

onClusters(() => {
  test('each change is on NATS once, in the order of its item, through failures of both', async t => {
    const nats = await startNats()
    t.teardown(() => nats.remove())
    const folder = await makeTempFolder()
    t.teardown(() => folder.remove())
    const publish = { servers: nats.urls, prefix: 'tavola', replicas: 3, retentionHours: 24, limitHours: 48 }
    const options = { dataDir: folder.path, publish, partitions: 2 }
    let node = await startTestNode(options)
    t.teardown(() => node.close())
    const db = clientOf(node)
    await db.createTable({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    })
    let n = 0
    const write = async (to: TestNode, count: number) => {
      const docs = DynamoDBDocument.from(to.client())
      for (let i = 0; i < count; i++) {
        n += 1
        await docs.put({ TableName: TABLE, Item: { pk: `item ${n % 7}`, n } })
      }
    }
    const reader = await NatsReader.connect(nats.urls)
    t.teardown(() => reader.close())
    await write(node, 50)
    await published(reader, n)
    // The servers go while changes come; no write is refused.
    const [first, second] = nats.servers
    await first!.stop('SIGKILL')
    await write(node, 50)
    await second!.stop('SIGKILL')
    await write(node, 50)
    await sleep(300)
    const lag = (await scrape(node.endpoint)).value('tavola_publish_lag_seconds', { table: TABLE })
    t.true(lag! > 0)
    const { tables } = (await (await fetch(`${node.endpoint}/admin/cluster`)).json()) as ClusterStatus
    t.true(tables[0]!.publishLagMs! > 0)
    // And the node, before it could publish.
    await node.close()
    node = await startTestNode(options)
    await write(node, 50)
    first!.launch()
    second!.launch()
    await Promise.all([first!.serves(), second!.serves()])
    await write(node, 50)
    const messages = await published(reader, n)
    t.deepEqual(
      messages.map(({ text }) => numberOf(text)).sort((a, b) => a - b),
      Array.from({ length: n }, (_, i) => i + 1),
    )
    inOrder(messages)
    t.is(new Set(messages.map(({ id }) => id)).size, n)
    t.is(new Set(messages.map(({ subject }) => subject)).size, 2)
    const [message] = messages
    t.regex(message!.subject, /^tavola\.changes\.123456789012\.orders%2Eof-2026_A\.shardId-[0-9a-f-]+$/)
    const change = JSON.parse(message!.text) as Change
    t.is(change.eventID, message!.id)
    t.is(change.eventName, message!.event)
    const metrics = await scrape(node.endpoint)
    t.is(metrics.value('tavola_publish_lag_seconds', { table: TABLE }), 0)
    t.true(metrics.value('tavola_published_changes_total', { table: TABLE })! > 0)
  })
})

function clientOf(node: TestNode): DynamoDB {
  return new DynamoDB({
    endpoint: node.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  })
}

function numberOf(text: string): number {
  return Number((JSON.parse(text) as Change).dynamodb.NewImage!.n.N)
}

/** Resolves with all messages once there are so many. */
async function published(reader: NatsReader, count: number): Promise<StoredMessage[]> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(100)) {
    const messages = await reader.all(STREAM).catch(() => [])
    if (messages.length >= count) return messages
    if (Date.now() > end) throw new Error(`${messages.length} changes of ${count} are published`)
  }
}

/** Errors: an item's changes are not in the order of their numbers. */
function inOrder(messages: StoredMessage[]): void {
  const last = new Map<string, number>()
  for (const { text } of messages) {
    const key = (JSON.parse(text) as Change).dynamodb.Keys.pk.S
    const n = numberOf(text)
    if (n <= (last.get(key) ?? 0)) throw new Error(`${key}: ${n} after ${last.get(key)}`)
    last.set(key, n)
  }
}
