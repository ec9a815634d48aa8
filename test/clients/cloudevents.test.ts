/** The CloudEvents SDK reads what a trigger sends. */
import test from 'ava'
import { type CloudEvent, HTTP } from 'cloudevents'
import { makeTable, startApi } from '../api/api.ts'
import { type Event, Mappings, numbersOf, until } from '../api/mappings.ts'
import { withStream } from '../api/streams.ts'
import { Receiver } from '../helpers/receiver.ts'

const receiver = await Receiver.start()
const { node, db, docs } = await startApi({ triggerHosts: ['127.0.0.1'] })
const mappings = new Mappings(node.endpoint)
test.after.always(() => receiver.close())
test.after.always(() => mappings.lambda.destroy())

for (const [kind, scheme] of [
  ['structured', 'cloudevents'],
  ['binary', 'cloudevents-binary'],
] as const)
  test(`cloudevents, ${kind}`, async t => {
    const TableName = await makeTable(db, { key: 'pk:S', more: withStream() })
    const EventSourceArn = (await db.describeTable({ TableName })).Table!.LatestStreamArn!
    const path = `/ce-${kind}`
    const FunctionName = `${scheme}+${receiver.url}${path}`
    await mappings.make(t, { EventSourceArn, FunctionName, BatchSize: 1 })
    for (const n of [1, 2]) await docs.put({ TableName, Item: { pk: 'a', n } })
    const sent = () => receiver.received.filter(request => request.path === path)
    await until(() => sent().length === 2)
    const parsed = sent().map(({ headers, body }) => HTTP.toEvent<Event>({ headers, body }) as CloudEvent<Event>)
    for (const event of parsed) {
      event.validate()
      t.is(event.source, EventSourceArn)
      t.is(event.type, 'dev.tavola.changes')
    }
    t.is(new Set(parsed.map(({ id }) => id)).size, 2)
    t.deepEqual(
      parsed.map(({ data }) => numbersOf(data!)[0]),
      [1, 2],
    )
  })
