/** The figures of `GET /metrics` after requests whose figures are known. */
import test from 'ava'
import { scrape } from '../helpers/metrics.ts'
import { fill, indexed, makeTable, refusal, startApi, startOwnApi } from './api.ts'
import { readAll, streamsClient, withStream } from './streams.ts'

const { db, docs, node } = await startApi()

const text = (length: number) => 'x'.repeat(length)
const INDEXED = { key: 'pk:S | sk:N', local: { byL: { key: 'pk:S | l:S' } }, global: { byG: { key: 'g:S' } } }

const read = async (name: string, labels: Record<string, string>) => (await scrape(node.endpoint)).value(name, labels)
const units = (kind: 'read' | 'write', table: string, index = '') =>
  read(`tavola_consumed_${kind}_capacity_units_total`, { table, global_secondary_index: index })

test('capacity units count by table and global index, whether or not the client asks', async t => {
  const T = await makeTable(db, INDEXED)
  await docs.put({ TableName: T, Item: { pk: 'a', sk: 1, g: 'g', l: 'l', v: text(2000) } })
  t.deepEqual([await units('write', T), await units('write', T, 'byG')], [4, 2])
  await docs.put({ TableName: T, Item: { pk: 'a', sk: 2 }, ReturnConsumedCapacity: 'INDEXES' })
  t.deepEqual([await units('write', T), await units('write', T, 'byG')], [5, 2])
  await indexed(docs, T, 'byG', 1)
  const [table, index] = [await units('read', T), await units('read', T, 'byG')]
  t.true(index! > 0)
  await docs.get({ TableName: T, Key: { pk: 'a', sk: 1 }, ConsistentRead: true })
  await docs.get({ TableName: T, Key: { pk: 'none', sk: 1 } })
  const key = { KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': 'g' } }
  await docs.query({ TableName: T, IndexName: 'byG', ...key })
  t.deepEqual([await units('read', T), await units('read', T, 'byG')], [table! + 1.5, index! + 0.5])
})

test('batches count what they consumed of each table', async t => {
  const [A, B] = [await makeTable(db, { key: 'pk:S' }), await makeTable(db, { key: 'pk:S' })]
  const put = (pk: string, v: string) => ({ PutRequest: { Item: { pk, v } } })
  await docs.batchWrite({ RequestItems: { [A]: [put('1', text(2000)), put('2', '')], [B]: [put('1', '')] } })
  t.deepEqual([await units('write', A), await units('write', B)], [3, 1])
  const Keys = [{ pk: '1' }, { pk: '2' }]
  await docs.batchGet({ RequestItems: { [A]: { Keys, ConsistentRead: true }, [B]: { Keys } } })
  t.deepEqual([await units('read', A), await units('read', B)], [2, 1])
  for (const table of [A, B]) {
    const labels = { operation: 'BatchGetItem', table }
    t.is(await read('tavola_successful_request_latency_seconds_count', labels), 1)
  }
})

test('a failed condition is counted, takes units, and is neither a success nor an error', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await docs.put({ TableName, Item: { pk: 'a', v: text(3000) } })
  await refusal(docs.put({ TableName, Item: { pk: 'a' }, ConditionExpression: 'attribute_not_exists(pk)' }))
  t.is(await read('tavola_conditional_check_failed_requests_total', { table: TableName }), 1)
  t.is(await units('write', TableName), 3 + 3)
  const labels = { operation: 'PutItem', table: TableName }
  t.is(await read('tavola_user_errors_total', labels), 0)
  t.is(await read('tavola_successful_request_latency_seconds_count', labels), 1)
})

test('latencies count successes, and fall into ascending buckets', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  for (let i = 0; i < 5; i++) await docs.get({ TableName, Key: { pk: `${i}` } })
  await refusal(docs.get({ TableName, Key: { wrong: 'key' } }))
  const metrics = await scrape(node.endpoint)
  const labels = { operation: 'GetItem', table: TableName }
  const name = 'tavola_successful_request_latency_seconds'
  t.is(metrics.value(`${name}_count`, labels), 5)
  const sum = metrics.value(`${name}_sum`, labels)!
  t.true(sum > 0 && sum < 5)
  const buckets = metrics
    .of('table', TableName)
    .filter(s => s.name === `${name}_bucket` && s.labels.operation === 'GetItem')
  const counts = buckets.map(({ value }) => value)
  t.deepEqual([counts.at(-1), buckets.at(-1)!.labels.le], [5, '+Inf'])
  t.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  )
  t.is(metrics.value('tavola_user_errors_total', labels), 1)
})

test('queries and scans count the items that they return', async t => {
  const TableName = await makeTable(db, { key: 'pk:S | sk:N' })
  await fill(
    docs,
    TableName,
    Array.from({ length: 10 }, (_, sk) => ({ pk: 'a', sk })),
  )
  const FilterExpression = 'sk < :n'
  await docs.scan({ TableName, FilterExpression, ExpressionAttributeValues: { ':n': 4 } })
  await docs.scan({ TableName, Select: 'COUNT' })
  t.is(await read('tavola_returned_item_count_total', { operation: 'Scan', table: TableName }), 14)
})

test('what names no table gets no series of its own, only the count of errors', async t => {
  const before = (await read('tavola_user_errors_total', { operation: 'GetItem', table: '' })) ?? 0
  await refusal(docs.get({ TableName: 'no-such-table', Key: { pk: 'a' } }))
  const headers = { 'X-Amz-Target': 'DynamoDB_20120810.NoSuchThing', 'Content-Type': 'application/x-amz-json-1.0' }
  await fetch(node.endpoint, { method: 'POST', headers, body: '{}' })
  const metrics = await scrape(node.endpoint)
  t.is(metrics.value('tavola_user_errors_total', { operation: 'GetItem', table: '' }), before + 1)
  t.is(metrics.value('tavola_user_errors_total', { operation: '', table: '' }), 1)
  t.deepEqual(metrics.of('table', 'no-such-table'), [])
  t.deepEqual(metrics.of('operation', 'NoSuchThing'), [])
})

test('the series of a deleted table are gone, and those of one of the same name begin anew', async t => {
  const name = 'here-and-gone'
  await makeTable(db, { ...INDEXED, name })
  await docs.put({ TableName: name, Item: { pk: 'a', sk: 1, g: 'g' } })
  t.is(await units('write', name, 'byG'), 1)
  await db.deleteTable({ TableName: name })
  t.deepEqual((await scrape(node.endpoint)).of('table', name), [])
  await makeTable(db, { key: 'pk:S', name })
  await docs.get({ TableName: name, Key: { pk: 'a' } })
  t.is(await units('write', name), 0)
  t.is(await units('write', name, 'byG'), undefined)
})

test('the node: log, partitions, feeds, connections', async t => {
  const { db, docs, node } = await startOwnApi(t, { partitions: 1 })
  const TableName = await makeTable(db, INDEXED)
  const before = await scrape(node.endpoint)
  t.is(before.value('tavola_partitions'), 2)
  t.is(before.value('tavola_partitions_led'), 2)
  t.is(before.value('tavola_log_disk_bytes'), 16 * 1024 * 1024)
  await docs.put({ TableName, Item: { pk: 'a', sk: 1, g: 'g', v: text(1000) } })
  await indexed(docs, TableName, 'byG', 1)
  const after = await scrape(node.endpoint)
  const grown = (name: string) => after.value(name)! - before.value(name)!
  t.is(grown('tavola_log_entries_total'), 2)
  t.is(grown('tavola_log_sync_seconds_count'), 2)
  t.true(grown('tavola_log_written_bytes_total') > 2000)
  t.true(grown('tavola_log_untrimmed_bytes') > 2000)
  t.is(after.value('tavola_index_feed_lag_entries', { table: TableName, global_secondary_index: 'byG' }), 0)
  t.is(after.value('tavola_waiting_write_bytes'), 0)
  t.is(after.value('tavola_requests_in_flight'), 0)
  t.true(after.value('tavola_connections')! >= 1)
  t.true(after.value('tavola_disk_free_bytes')! <= after.value('tavola_disk_size_bytes')!)
  t.true(after.value('process_resident_memory_bytes')! > 10_000_000)
})

test('in memory there is no disk to tell of', async t => {
  const { node } = await startOwnApi(t, { inMemory: true })
  const metrics = await scrape(node.endpoint)
  t.is(metrics.value('tavola_disk_free_bytes'), undefined)
  t.is(metrics.value('tavola_partitions'), 0)
})

test('records of changes are counted where they are read', async t => {
  const table = await makeTable(db, { key: 'pk:S', more: withStream() })
  const arn = (await db.describeTable({ TableName: table })).Table!.LatestStreamArn!
  await docs.put({ TableName: table, Item: { pk: 'a' } })
  await docs.delete({ TableName: table, Key: { pk: 'a' } })
  const streams = streamsClient(node.endpoint)
  t.is((await readAll(streams, arn)).length, 2)
  streams.destroy()
  const labels = { operation: 'GetRecords', table }
  t.is(await read('tavola_returned_records_count_total', labels), 2)
  t.true((await read('tavola_returned_bytes_total', labels))! > 200)
  t.true((await read('tavola_successful_request_latency_seconds_count', labels))! > 0)
  t.is(await read('tavola_returned_item_count_total', labels), undefined)
})
