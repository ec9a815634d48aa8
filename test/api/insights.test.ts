import test from 'ava'
import { fill, makeTable, refusal, startApi } from './api.ts'
import { apiHeaders, exchange } from './http.ts'

const { db, docs, node } = await startApi({ inMemory: true })
const { 'X-Amz-Target': _, 'Content-Type': __, ...SIGNED } = apiHeaders('')

/** The report, as curl would get it. */
async function report(query: string, headers: Record<string, string> = SIGNED) {
  const { text } = await exchange(node.endpoint, { method: 'GET', path: `/contributor-insights${query}`, headers })
  return JSON.parse(text)
}

const table = (more = {}) =>
  makeTable(db, { key: 'pk:S | sk:N', global: { byG: { key: 'g:S', project: 'KEYS_ONLY' } }, ...more })

test('a table starts without insights; they go on, change their mode, and off', async t => {
  const TableName = await table()
  const describe = async () => {
    const { $metadata, ...rest } = await db.describeContributorInsights({ TableName })
    return rest
  }
  const update = async (action: 'ENABLE' | 'DISABLE', mode?: 'THROTTLED_KEYS') => {
    const { $metadata, ...rest } = await db.updateContributorInsights({
      TableName,
      ContributorInsightsAction: action,
      ContributorInsightsMode: mode,
    })
    return rest
  }
  t.deepEqual(await describe(), { TableName, ContributorInsightsStatus: 'DISABLED' })
  t.deepEqual(await update('DISABLE'), { TableName, ContributorInsightsStatus: 'DISABLED' })
  const both = { TableName, ContributorInsightsMode: 'ACCESSED_AND_THROTTLED_KEYS' }
  t.deepEqual(await update('ENABLE'), { ...both, ContributorInsightsStatus: 'ENABLING' })
  t.deepEqual(await update('ENABLE'), { ...both, ContributorInsightsStatus: 'ENABLED' })
  const on = await describe()
  t.like(on, { ...both, ContributorInsightsStatus: 'ENABLED' })
  const rules = on.ContributorInsightsRuleList!.map(rule => rule.replace(/-\d{13}$/, ''))
  t.deepEqual(
    rules,
    ['PKC', 'SKC', 'PKT', 'SKT'].map(kind => `DynamoDBContributorInsights-${kind}-${TableName}`),
  )
  t.is((await update('ENABLE', 'THROTTLED_KEYS')).ContributorInsightsStatus, 'ENABLING')
  t.deepEqual(await describe().then(now => now.ContributorInsightsRuleList), on.ContributorInsightsRuleList!.slice(2))
  t.is((await update('DISABLE')).ContributorInsightsStatus, 'DISABLING')
  const off = await describe()
  t.like(off, { ContributorInsightsStatus: 'DISABLED', ContributorInsightsMode: 'THROTTLED_KEYS' })
  t.is(off.ContributorInsightsRuleList, undefined)
  t.true(off.LastUpdateDateTime! >= on.LastUpdateDateTime!)
})

test('the list has what is enabled, a table before its indexes, in pages', async t => {
  const names = [await table(), await table()]
  const enable = (TableName: string, IndexName?: string) =>
    db.updateContributorInsights({ TableName, IndexName, ContributorInsightsAction: 'ENABLE' })
  t.deepEqual((await db.listContributorInsights({ TableName: names[0] })).ContributorInsightsSummaries, [])
  await enable(names[0]!, 'byG')
  await enable(names[0]!)
  await enable(names[1]!, 'byG')
  const seen: string[] = []
  let NextToken: string | undefined
  do {
    const page = await db.listContributorInsights({ MaxResults: 1, NextToken })
    t.is(page.ContributorInsightsSummaries!.length, 1)
    for (const { TableName, IndexName } of page.ContributorInsightsSummaries!) {
      if (names.includes(TableName!)) seen.push(`${TableName} ${IndexName}`)
    }
    NextToken = page.NextToken
  } while (NextToken)
  t.deepEqual(seen, [`${names[0]} undefined`, `${names[0]} byG`, `${names[1]} byG`])
  const own = await db.listContributorInsights({ TableName: names[1] })
  t.deepEqual(own.ContributorInsightsSummaries, [
    {
      TableName: names[1],
      IndexName: 'byG',
      ContributorInsightsStatus: 'ENABLED',
      ContributorInsightsMode: 'ACCESSED_AND_THROTTLED_KEYS',
    },
  ])
  t.is(await refusal(db.listContributorInsights({ NextToken: '?' })), 'ValidationException: Invalid NextToken provided')
})

test('what does not exist has no insights', async t => {
  const TableName = await table({ local: { byL: { key: 'pk:S | l:S' } } })
  const missing = 'ResourceNotFoundException: Requested resource not found: Table: missing not found'
  t.is(await refusal(db.describeContributorInsights({ TableName: 'missing' })), missing)
  t.is(await refusal(db.listContributorInsights({ TableName: 'missing' })), missing)
  const ContributorInsightsAction = 'ENABLE'
  t.is(await refusal(db.updateContributorInsights({ TableName: 'missing', ContributorInsightsAction })), missing)
  for (const IndexName of ['byL', 'nope']) {
    const none = `ResourceNotFoundException: Requested resource not found: Index: ${IndexName} not found for table: ${TableName}`
    t.is(await refusal(db.describeContributorInsights({ TableName, IndexName })), none)
    t.is(await refusal(db.updateContributorInsights({ TableName, IndexName, ContributorInsightsAction })), none)
  }
})

test('the report has the keys that requests touched', async t => {
  const TableName = await table()
  await db.updateContributorInsights({ TableName, ContributorInsightsAction: 'ENABLE' })
  await fill(
    docs,
    TableName,
    Array.from({ length: 10 }, (_, i) => ({ pk: i === 0 ? 'rare' : 'hot', sk: i, g: 'g' })),
  )
  await docs.get({ TableName, Key: { pk: 'hot', sk: 5 }, ConsistentRead: true })
  const { Windows, ...head } = await report(`?table=${TableName}`)
  t.deepEqual(head, {
    TableName,
    ContributorInsightsStatus: 'ENABLED',
    ContributorInsightsMode: 'ACCESSED_AND_THROTTLED_KEYS',
  })
  t.deepEqual(Windows[0].MostAccessedPartitionKeys, [
    { Keys: { pk: { S: 'hot' } }, ConsumedThroughputUnits: 28 },
    { Keys: { pk: { S: 'rare' } }, ConsumedThroughputUnits: 3 },
  ])
  t.deepEqual(Windows[0].MostAccessedItems[0], {
    Keys: { pk: { S: 'hot' }, sk: { N: '5' } },
    ConsumedThroughputUnits: 4,
  })
  t.deepEqual(Windows[0].MostThrottledPartitionKeys, [])
  t.true(Windows[0].From < Windows[0].To)
})

test('an index has a report of its own', async t => {
  const TableName = await table()
  await db.updateContributorInsights({ TableName, IndexName: 'byG', ContributorInsightsAction: 'ENABLE' })
  await docs.put({ TableName, Item: { pk: 'a', sk: 1, g: 'x' } })
  const query = { KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': 'x' } }
  await docs.query({ TableName, IndexName: 'byG', ...query })
  t.deepEqual((await report(`?table=${TableName}`)).Windows, [])
  const { Windows, IndexName } = await report(`?table=${TableName}&index=byG`)
  t.is(IndexName, 'byG')
  t.deepEqual(Windows[0].MostAccessedPartitionKeys, [{ Keys: { g: { S: 'x' } }, ConsumedThroughputUnits: 0.5 }])
})

test('the report is for whoever may sign requests, and says what it misses', async t => {
  t.is((await report('?table=Table', {})).__type, 'com.amazon.coral.service#MissingAuthenticationTokenException')
  const none = await report('')
  t.is(
    none.message,
    "1 validation error detected: Value null at 'table' failed to satisfy constraint: Member must not be null",
  )
  t.is((await report('?table=missing')).message, 'Requested resource not found: Table: missing not found')
})
