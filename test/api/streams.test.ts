/** Streams through the SDK's own client of them. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { iteratorText } from '../../server/streams/iterator.ts'
import { fill, INVALID_PARAMETER, invalid, makeTable, refusal, sharedTable, startApi, startOwnApi } from './api.ts'
import { type Change, iteratorOf, readAll, readFrom, shardsOf, streamsClient, withStream } from './streams.ts'

const { db, docs, node } = await startApi()
const streams = streamsClient(node.endpoint)
test.after.always(() => streams.destroy())

const ARN = 'arn:aws:dynamodb:us-east-1:123456789012:table/'
const PARTITIONS = Number(process.env.TAVOLA_TEST_PARTITIONS ?? 1)

const arnOf = async (TableName: string) => (await db.describeTable({ TableName })).Table!.LatestStreamArn!

/** A table with a stream. @returns its name and the stream's ARN */
async function streamed(key = 'pk:S', viewType?: string) {
  const T = await makeTable(db, { key, more: withStream(viewType as 'NEW_AND_OLD_IMAGES') })
  return { T, arn: await arnOf(T) }
}

const shape = ({ eventName, dynamodb }: Change) => [eventName, dynamodb!.OldImage, dynamodb!.NewImage]
const one = (v: string): Record<string, AttributeValue> => ({ pk: { S: 'a' }, v: { S: v } })

for (const [view, old, now] of [
  ['NEW_AND_OLD_IMAGES', true, true],
  ['NEW_IMAGE', false, true],
  ['OLD_IMAGE', true, false],
  ['KEYS_ONLY', false, false],
] as const)
  test(`${view}: what records show of an insertion, a change and a removal`, async t => {
    const { T: TableName, arn } = await streamed('pk:S', view)
    await db.putItem({ TableName, Item: one('1') })
    await db.updateItem({
      TableName,
      Key: { pk: { S: 'a' } },
      UpdateExpression: 'SET v = :v',
      ExpressionAttributeValues: { ':v': { S: '2' } },
    })
    await db.deleteItem({ TableName, Key: { pk: { S: 'a' } } })
    const records = await readAll(streams, arn)
    const image = (wanted: boolean, v: string) => (wanted ? one(v) : undefined)
    t.deepEqual(records.map(shape), [
      ['INSERT', undefined, image(now, '1')],
      ['MODIFY', image(old, '1'), image(now, '2')],
      ['REMOVE', image(old, '2'), undefined],
    ])
    for (const { dynamodb, eventSource, eventVersion, awsRegion, userIdentity } of records) {
      t.deepEqual([eventSource, eventVersion, awsRegion, userIdentity], ['aws:dynamodb', '1.1', 'us-east-1', undefined])
      t.deepEqual([dynamodb!.Keys, dynamodb!.StreamViewType], [{ pk: { S: 'a' } }, view])
      const age = Date.now() - dynamodb!.ApproximateCreationDateTime!.getTime()
      t.true(age >= 0 && age < 60_000 && dynamodb!.ApproximateCreationDateTime!.getTime() % 1000 === 0)
      t.regex(dynamodb!.SequenceNumber!, /^\d{21,40}$/)
    }
    for (const { eventID } of records) t.regex(eventID!, /^[0-9a-f]{32}$/)
    t.is(new Set(records.map(({ eventID }) => eventID)).size, 3)
    const [a, b, c] = records.map(({ dynamodb }) => BigInt(dynamodb!.SequenceNumber!))
    t.true(a! < b! && b! < c!)
  })

test("sizes are those of AWS's own example", async t => {
  const { T: TableName, arn } = await streamed('Id:N')
  const Key = { Id: { N: '101' } }
  await db.putItem({ TableName, Item: { ...Key, Message: { S: 'New item!' } } })
  await db.putItem({ TableName, Item: { ...Key, Message: { S: 'This item has changed' } } })
  await db.deleteItem({ TableName, Key })
  t.deepEqual(
    (await readAll(streams, arn)).map(({ dynamodb }) => dynamodb!.SizeBytes),
    [26, 59, 38],
  )
})

test('what changes nothing leaves no record', async t => {
  const { T: TableName, arn } = await streamed()
  const set = (...SS: string[]) => ({ SS })
  await db.putItem({ TableName, Item: { pk: { S: 'a' }, v: { N: '1.50' }, s: set('x', 'y') } })
  await db.putItem({ TableName, Item: { pk: { S: 'a' }, v: { N: '1.50' }, s: set('x', 'y') } })
  await db.putItem({ TableName, Item: { s: set('y', 'x'), v: { N: '1.5' }, pk: { S: 'a' } } })
  const update = { TableName, UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': { N: '15e-1' } } }
  await db.updateItem({ ...update, Key: { pk: { S: 'a' } } })
  await db.deleteItem({ TableName, Key: { pk: { S: 'none' } } })
  await refusal(db.deleteItem({ TableName, Key: { pk: { S: 'a' } }, ConditionExpression: 'v = pk' }))
  await db.transactWriteItems({
    TransactItems: [
      { Put: { TableName, Item: { v: { N: '1.5' }, s: set('y', 'x'), pk: { S: 'a' } } } },
      { ConditionCheck: { TableName, Key: { pk: { S: 'b' } }, ConditionExpression: 'attribute_not_exists(pk)' } },
    ],
  })
  t.deepEqual(
    (await readAll(streams, arn)).map(({ eventName }) => eventName),
    ['INSERT'],
  )
  await db.putItem({ TableName, Item: { pk: { S: 'a' }, v: { N: '1.6' }, s: set('x', 'y') } })
  t.is((await readAll(streams, arn)).length, 2, 'as long as before, and yet another item')
})

test('batches and transactions leave a record for each item', async t => {
  const { T, arn } = await streamed()
  await fill(
    docs,
    T,
    Array.from({ length: 40 }, (_, i) => ({ pk: `${i}`, n: i })),
  )
  await docs.transactWrite({
    TransactItems: [
      ...Array.from({ length: 30 }, (_, i) => ({ Put: { TableName: T, Item: { pk: `${i}`, n: i + 1 } } })),
      { Delete: { TableName: T, Key: { pk: '30' } } },
      { Delete: { TableName: T, Key: { pk: 'none' } } },
    ],
  })
  const counts = { INSERT: 0, MODIFY: 0, REMOVE: 0 }
  for (const { eventName } of await readAll(streams, arn)) counts[eventName!] += 1
  t.deepEqual(counts, { INSERT: 40, MODIFY: 30, REMOVE: 1 })
})

test('keys of all types, and attributes of any name, come as they are in the items', async t => {
  for (const [type, value] of [
    ['S', 'a\0b\u00ff😀'],
    ['N', '-1.25E-100'],
    ['N', '12345678901234567890.5'],
    ['B', Buffer.from([0, 255, 0, 1]).toString('base64')],
  ] as const) {
    const { T: TableName, arn } = await streamed(`pk:S | sk:${type}`)
    const sk = { [type]: type === 'B' ? Buffer.from(value, 'base64') : value } as unknown as AttributeValue
    const more = JSON.parse('{"__proto__":{"S":"p"},"constructor":{"S":"c"}}') as Record<string, AttributeValue>
    await db.putItem({ TableName, Item: { pk: { S: 'k' }, sk, ...more } })
    const [record] = await readAll(streams, arn)
    const { NewImage, Keys } = record!.dynamodb!
    t.deepEqual(Keys!.sk, NewImage!.sk)
    t.deepEqual(Object.keys(Keys!), ['pk', 'sk'])
    t.deepEqual(NewImage!.constructor as unknown, { S: 'c' })
  }
})

test('pages end by limit and by size, and go on where they ended', async t => {
  const { T: TableName, arn } = await streamed()
  const big = 'x'.repeat(300_000)
  for (let i = 0; i < 12; i++) await docs.put({ TableName, Item: { pk: 'k', i, v: i % 4 === 3 ? big : 'small' } })
  const [first] = (await readAll(streams, arn)).filter(({ eventName }) => eventName === 'INSERT')
  t.truthy(first)
  for (const limit of [1, 5, 1000])
    t.deepEqual(
      (await readAll(streams, arn, limit)).map(({ dynamodb }) => dynamodb!.NewImage!.i!.N),
      Array.from({ length: 12 }, (_, i) => `${i}`),
    )
  const [shard] = (await shardsOf(streams, arn)).filter(Boolean)
  if (PARTITIONS > 1) return
  const ShardIterator = await iteratorOf(streams, arn, shard!.ShardId!, 'TRIM_HORIZON')
  const { Records } = await streams.getRecords({ ShardIterator })
  t.true(Records!.length < 12)
  t.is((await streams.getRecords({ ShardIterator, Limit: 2 })).Records!.length, 2)
})

test('iterators of all types', async t => {
  const { T: TableName, arn } = await streamed()
  const put = (n: number) => docs.put({ TableName, Item: { pk: 'a', n } })
  for (let n = 0; n < 5; n++) await put(n)
  const shards = await shardsOf(streams, arn)
  t.is(shards.length, PARTITIONS)
  const contents = await Promise.all(shards.map(({ ShardId }) => iteratorOf(streams, arn, ShardId!, 'TRIM_HORIZON')))
  const pages = await Promise.all(contents.map(iterator => readFrom(streams, iterator)))
  const at = pages.findIndex(({ records }) => records.length > 0)
  const { ShardId, SequenceNumberRange } = shards[at]!
  const { records, next } = pages[at]!
  const numbers = records.map(({ dynamodb }) => dynamodb!.SequenceNumber!)
  const from = async (type: string, n?: string) => {
    const read = await readFrom(streams, await iteratorOf(streams, arn, ShardId!, type, n))
    return read.records.map(({ dynamodb }) => Number(dynamodb!.NewImage!.n!.N))
  }
  t.deepEqual(await from('AT_SEQUENCE_NUMBER', numbers[3]), [3, 4])
  t.deepEqual(await from('AFTER_SEQUENCE_NUMBER', numbers[3]), [4])
  t.deepEqual(await from('AFTER_SEQUENCE_NUMBER', numbers[4]), [])
  t.deepEqual(await from('AT_SEQUENCE_NUMBER', SequenceNumberRange!.StartingSequenceNumber), [0, 1, 2, 3, 4])
  const latest = await iteratorOf(streams, arn, ShardId!, 'LATEST')
  await put(5)
  const values = (read: { records: Change[] }) => read.records.map(({ dynamodb }) => dynamodb!.NewImage!.n!.N)
  t.deepEqual(values(await readFrom(streams, latest)), ['5'])
  t.deepEqual(values(await readFrom(streams, next!)), ['5'], 'an iterator waits for what is to come')
  t.deepEqual(values(await readFrom(streams, next!)), ['5'], 'and can be used again')

  const iterator = (ShardIteratorType: string, SequenceNumber?: string) =>
    streams.getShardIterator({
      StreamArn: arn,
      ShardId,
      ShardIteratorType: ShardIteratorType as 'LATEST',
      SequenceNumber,
    })
  t.regex(
    await refusal(iterator('AT_SEQUENCE_NUMBER', '0'.repeat(21))),
    /^TrimmedDataAccessException: The operation attempted to read past/,
  )
  t.regex(await refusal(iterator('AT_SEQUENCE_NUMBER', '9'.repeat(40))), /^ValidationException: /)
  t.regex(await refusal(iterator('AT_SEQUENCE_NUMBER')), /^ValidationException: /)
  t.regex(await refusal(iterator('LATEST', numbers[0])), /^ValidationException: /)
  t.regex(await refusal(iterator('AT_SEQUENCE_NUMBER', 'x'.repeat(30))), /^ValidationException: /)
  t.is(
    await invalid(iterator('NEWEST')),
    "1 validation error detected: Value 'NEWEST' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]",
  )
  const old = iteratorText({ arn, shard: ShardId!, from: undefined, issued: Date.now() - 16 * 60_000 })
  t.regex(await refusal(streams.getRecords({ ShardIterator: old })), /^ExpiredIteratorException: Iterator expired/)
  const fresh = iteratorText({ arn, shard: ShardId!, from: undefined, issued: Date.now() - 14 * 60_000 })
  t.is((await streams.getRecords({ ShardIterator: fresh })).Records!.length, 6)
  for (const text of ['x', `${arn}|1|`, `${arn}|1|e30=`, `${arn}|2|${fresh.split('|')[2]}`, '|1|WyJhIiwieCIsMV0='])
    t.is(await invalid(streams.getRecords({ ShardIterator: text })), 'Invalid ShardIterator')
  const foreign = iteratorText({ arn, shard: 'shardId-0', from: undefined, issued: Date.now() })
  t.regex(
    await refusal(streams.getRecords({ ShardIterator: foreign })),
    /^ResourceNotFoundException: .*Shard: shardId-0 in/,
  )
})

test('streams that are not there', async t => {
  const { T, arn } = await streamed()
  const wrong = [
    arn.replace(/\d$/, digit => String((Number(digit) + 1) % 10)),
    arn.replace('us-east-1', 'eu-west-1'),
    arn.replace('123456789012', '111111111111'),
    `${ARN}${T}/index/2020-01-01T00:00:00.000`,
    `${ARN}nothing/stream/2020-01-01T00:00:00.000`,
    'x'.repeat(40),
  ]
  for (const StreamArn of wrong) {
    const message = `ResourceNotFoundException: Requested resource not found: Stream: ${StreamArn} not found`
    t.is(await refusal(streams.describeStream({ StreamArn })), message)
  }
  const ShardId = `shardId-${'0'.repeat(30)}`
  t.is(
    await refusal(streams.getShardIterator({ StreamArn: arn, ShardId, ShardIteratorType: 'LATEST' })),
    `ResourceNotFoundException: Requested resource not found: Shard: ${ShardId} in Stream: ${arn} not found`,
  )
  t.regex(await invalid(streams.listStreams({ Limit: 101 })), /'101' at 'limit'.*less than or equal to 100/)
  t.regex(await invalid(streams.describeStream({ StreamArn: arn, Limit: 101 })), /less than or equal to 100/)
  t.regex(await invalid(streams.getRecords({ ShardIterator: 'x', Limit: 1001 })), /less than or equal to 1000/)
  t.regex(await invalid(streams.describeStream({ StreamArn: 'short' })), /greater than or equal to 37/)
})

const plain = sharedTable(db, { key: 'pk:S' })

test('a stream is listed and described', async t => {
  const own = await Promise.all([streamed(), streamed(), streamed()])
  const all: string[] = []
  for (let start: string | undefined, more = true; more; more = start !== undefined) {
    const page = await streams.listStreams({ Limit: 2, ExclusiveStartStreamArn: start })
    t.true(page.Streams!.length <= 2)
    all.push(...page.Streams!.map(({ StreamArn }) => StreamArn!))
    start = page.LastEvaluatedStreamArn
    t.true(start === undefined || start === all.at(-1))
  }
  t.is(new Set(all).size, all.length)
  for (const { arn } of own) t.true(all.includes(arn))
  const { T, arn } = own[0]!
  const label = arn.split('/stream/')[1]!
  t.deepEqual((await streams.listStreams({ TableName: T })).Streams, [
    { StreamArn: arn, TableName: T, StreamLabel: label },
  ])
  t.deepEqual((await streams.listStreams({ TableName: plain })).Streams, [])
  t.deepEqual((await streams.listStreams({ TableName: 'nothing' })).Streams, [])

  const { StreamDescription } = await streams.describeStream({ StreamArn: arn })
  const { Shards, CreationRequestDateTime, ...rest } = StreamDescription!
  t.deepEqual(rest, {
    StreamArn: arn,
    StreamLabel: label,
    StreamStatus: 'ENABLED',
    StreamViewType: 'NEW_AND_OLD_IMAGES',
    TableName: T,
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  })
  t.is(CreationRequestDateTime!.toISOString(), `${label}Z`)
  t.is(Shards!.length, PARTITIONS)
  for (const { ShardId, ParentShardId, SequenceNumberRange } of Shards!) {
    t.regex(ShardId!, /^shardId-\d{20}-[0-9a-f]+$/)
    t.true(ShardId!.length >= 28 && ShardId!.length <= 65)
    t.is(ParentShardId, undefined)
    t.regex(SequenceNumberRange!.StartingSequenceNumber!, /^\d{21,40}$/)
    t.is(SequenceNumberRange!.EndingSequenceNumber, undefined)
  }
  const ShardFilter = { Type: 'CHILD_SHARDS' as const, ShardId: Shards![0]!.ShardId }
  const children = await streams.describeStream({ StreamArn: arn, ShardFilter })
  t.deepEqual(children.StreamDescription!.Shards, [])
})

test('shards are described in pages', async t => {
  const api = await startOwnApi(t, { partitions: 5 })
  const client = streamsClient(api.node.endpoint)
  t.teardown(() => client.destroy())
  const TableName = await makeTable(api.db, { key: 'pk:S', more: withStream() })
  const arn = (await api.db.describeTable({ TableName })).Table!.LatestStreamArn!
  const ids: string[] = []
  for (let start: string | undefined, more = true; more; more = start !== undefined) {
    const { StreamDescription } = await client.describeStream({
      StreamArn: arn,
      Limit: 2,
      ExclusiveStartShardId: start,
    })
    const { Shards, LastEvaluatedShardId } = StreamDescription!
    ids.push(...Shards!.map(({ ShardId }) => ShardId!))
    start = LastEvaluatedShardId
    t.is(Shards!.length, start === undefined ? 1 : 2)
  }
  t.is(new Set(ids).size, 5)
  await fill(
    api.docs,
    TableName,
    Array.from({ length: 100 }, (_, i) => ({ pk: `${i}` })),
  )
  const records = await readAll(client, arn, 7)
  t.is(new Set(records.map(({ dynamodb }) => dynamodb!.Keys!.pk!.S)).size, 100)
  t.is(new Set(records.map(({ dynamodb }) => dynamodb!.SequenceNumber)).size, 100, 'no number is there twice')
  t.is(new Set(records.map(({ eventID }) => eventID)).size, 100)
})

test('a request that breaks a rule of its table is no change', async t => {
  const { T: TableName, arn } = await streamed()
  t.is(
    await invalid(db.putItem({ TableName, Item: { other: { S: 'x' } } })),
    `${INVALID_PARAMETER}Missing the key pk in the item`,
  )
  t.deepEqual(await readAll(streams, arn), [])
})
