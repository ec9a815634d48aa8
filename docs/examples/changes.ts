// npm install @nats-io/transport-node @nats-io/jetstream; node changes.ts nats://127.0.0.1:4222 orders
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

const [servers = 'nats://127.0.0.1:4222', table = 'orders', consumer = 'mine'] = process.argv.slice(2)
const stream = `tavola-changes-123456789012-${table.replaceAll('.', '%2E')}`

const nats = await connect({ servers })
const manager = await jetstreamManager(nats)
// A durable consumer: NATS remembers how far it is.
await manager.consumers.add(stream, {
  durable_name: consumer,
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  // One at a time keeps the order of each item also when a message has to be delivered again.
  max_ack_pending: 1,
})
const messages = await (await jetstream(nats).consumers.get(stream, consumer)).consume()
for await (const message of messages) {
  const { eventName, dynamodb } = message.json<{ eventName: string; dynamodb: { Keys: object; NewImage?: object } }>()
  console.log(message.headers?.get('Tavola-Sequence-Number'), eventName, JSON.stringify(dynamodb.Keys))
  message.ack()
}
