/** Event source mappings: the AWS SDK's client of Lambda, and what functions get. */
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import test from 'ava'
import { Receiver } from '../helpers/receiver.ts'
import { makeTable, startApi } from './api.ts'
import { type Event, Mappings, until } from './mappings.ts'
import { readAll, streamsClient, withStream } from './streams.ts'

const functions = await Receiver.start()
const { node, db, docs } = await startApi({
  functionEndpoint: functions.url,
  triggerHosts: ['127.0.0.1'],
  triggerSecret: 'secret',
} as object)

test.after.always(() => functions.close())

const mappings = new Mappings(node.endpoint)
const { lambda } = mappings
test.after.always(() => lambda.destroy())

async function table(): Promise<{ name: string; arn: string }> {
  const name = await makeTable(db, { key: 'pk:S', more: withStream() })
  return { name, arn: (await db.describeTable({ TableName: name })).Table!.LatestStreamArn! }
}

function eventsTo(name: string): Event[] {
  return functions.received
    .filter(({ path }) => path.includes(`/${name}/`) || path === `/${name}`)
    .map(({ body }) => JSON.parse(body) as Event)
}

test('a mapping is made, shown, listed, changed and deleted', async t => {
  const { arn } = await table()
  const made = await lambda.send(
    new CreateEventSourceMappingCommand({
      EventSourceArn: arn,
      FunctionName: 'life',
      StartingPosition: 'LATEST',
      BatchSize: 10,
    }),
  )
  t.is(made.$metadata.httpStatusCode, 202)
  t.is(made.State, 'Creating')
  t.is(made.FunctionArn, 'arn:aws:lambda:us-east-1:123456789012:function:life')
  await mappings.reaches(made.UUID!, 'Enabled')
  const again = await t.throwsAsync(
    lambda.send(
      new CreateEventSourceMappingCommand({ EventSourceArn: arn, FunctionName: 'life', StartingPosition: 'LATEST' }),
    ),
  )
  t.is(again!.name, 'ResourceConflictException')
  const { EventSourceMappings: listed } = await lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: 'life', EventSourceArn: arn }),
  )
  t.deepEqual(
    listed!.map(({ UUID, BatchSize, LastProcessingResult }) => ({ UUID, BatchSize, LastProcessingResult })),
    [{ UUID: made.UUID, BatchSize: 10, LastProcessingResult: 'No records processed' }],
  )
  const changed = await lambda.send(
    new UpdateEventSourceMappingCommand({ UUID: made.UUID, BatchSize: 7, Enabled: false }),
  )
  t.is(changed.State, 'Disabling')
  await mappings.reaches(made.UUID!, 'Disabled')
  t.is((await lambda.send(new GetEventSourceMappingCommand({ UUID: made.UUID }))).BatchSize, 7)
  t.is((await lambda.send(new DeleteEventSourceMappingCommand({ UUID: made.UUID }))).State, 'Deleting')
  await until(() =>
    lambda.send(new GetEventSourceMappingCommand({ UUID: made.UUID })).then(
      () => false,
      error => (error as Error).name === 'ResourceNotFoundException',
    ),
  )
})

test('what makes no sense is refused', async t => {
  const { arn } = await table()
  const refused = async (input: Partial<CreateEventSourceMappingCommandInput>) => {
    const error = await t.throwsAsync(
      lambda.send(
        new CreateEventSourceMappingCommand({
          EventSourceArn: arn,
          FunctionName: 'refused',
          StartingPosition: 'LATEST',
          ...input,
        }),
      ),
    )
    return `${error!.name}: ${error!.message}`
  }
  t.is(
    await refused({ EventSourceArn: `${arn.slice(0, -3)}999` }),
    `InvalidParameterValueException: Stream not found: ${arn.slice(0, -3)}999`,
  )
  t.regex(
    await refused({ BatchSize: 10_001 }),
    /^ValidationException: 1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000$/,
  )
  t.is(
    await refused({ FilterCriteria: { Filters: [{ Pattern: '{"dynamodb": {' }] } }),
    'InvalidParameterValueException: Invalid filter pattern definition.',
  )
  t.regex(await refused({ FunctionName: 'https://example.com/hook' }), /not an allowed host/)
  t.regex(await refused({ FunctionName: 'nats:some.subject' }), /no NATS is configured/)
  t.regex(await refused({ MaximumRecordAgeInSeconds: 10 }), /^InvalidParameterValueException/)
})

test('a function gets the records that GetRecords shows, with the ARN of the stream', async t => {
  const { name, arn } = await table()
  await mappings.make(t, { EventSourceArn: arn, FunctionName: 'echo' })
  for (let n = 1; n <= 5; n++) await docs.put({ TableName: name, Item: { pk: 'a', n } })
  await docs.delete({ TableName: name, Key: { pk: 'a' } })
  await until(() => eventsTo('echo').flatMap(({ Records }) => Records).length === 6)
  const records = eventsTo('echo').flatMap(({ Records }) => Records)
  t.true(records.every(({ eventSourceARN }) => eventSourceARN === arn))
  const streams = streamsClient(node.endpoint)
  const shown = await readAll(streams, arn)
  streams.destroy()
  t.deepEqual(
    records.map(({ eventID }) => eventID),
    shown.map(({ eventID }) => eventID!),
  )
  const [call] = functions.received.filter(({ path }) => path === '/2015-03-31/functions/echo/invocations')
  t.regex(call!.headers.authorization!, /^AWS4-HMAC-SHA256 Credential=tavola\/\d{8}\/us-east-1\/lambda\/aws4_request/)
})

test('LATEST begins with what comes after', async t => {
  const { name, arn } = await table()
  await docs.put({ TableName: name, Item: { pk: 'before', n: 1 } })
  await mappings.make(t, { EventSourceArn: arn, FunctionName: 'latest', StartingPosition: 'LATEST' })
  await docs.put({ TableName: name, Item: { pk: 'after', n: 2 } })
  await until(() => eventsTo('latest').length > 0)
  t.deepEqual(
    eventsTo('latest')
      .flatMap(({ Records }) => Records)
      .map(({ dynamodb }) => dynamodb.Keys.pk.S),
    ['after'],
  )
})

test('filters leave out what matches none of them', async t => {
  const { name, arn } = await table()
  const Filters = [
    { Pattern: '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":["2","4"]}}}}' },
    { Pattern: '{"eventName":["REMOVE"]}' },
  ]
  await mappings.make(t, { EventSourceArn: arn, FunctionName: 'filtered', FilterCriteria: { Filters } })
  for (let n = 1; n <= 5; n++) await docs.put({ TableName: name, Item: { pk: `${n}`, n } })
  await docs.delete({ TableName: name, Key: { pk: '3' } })
  await until(() => eventsTo('filtered').flatMap(({ Records }) => Records).length === 3)
  t.deepEqual(
    eventsTo('filtered')
      .flatMap(({ Records }) => Records)
      .map(({ eventName, dynamodb }) => `${eventName} ${dynamodb.Keys.pk.S}`),
    ['INSERT 2', 'INSERT 4', 'REMOVE 3'],
  )
})
