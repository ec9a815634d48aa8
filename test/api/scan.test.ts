import type { ScanCommandInput } from '@aws-sdk/client-dynamodb'
import { paginateScan } from '@aws-sdk/lib-dynamodb'
import test from 'ava'
import { fill, indexed, invalid, makeTable, type Plain, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const HASHED = 120
const T = sharedTable(db, {
  key: 'pk:S | sk:N',
  local: { byL: { key: 'pk:S | l:S' } },
  global: { byG: { key: 'g:N' } },
})

/** Thirty partition keys of four items each; every third item is in the indexes. */
const ITEMS = Array.from({ length: HASHED }, (_, i) => ({
  pk: `p${i % 30}`,
  sk: i,
  ...(i % 3 === 0 ? { l: `l${i}`, g: i % 5 } : {}),
}))
test.serial.before(async () => {
  await fill(docs, T, ITEMS)
  await indexed(docs, T, 'byG', HASHED / 3)
})

async function scanned(input: Partial<ScanCommandInput>): Promise<Plain[]> {
  const found: Plain[] = []
  for await (const page of paginateScan({ client: docs }, { TableName: T, ...(input as object) }))
    found.push(...page.Items!)
  return found
}

const numbers = (items: Plain[]) => items.map(item => item.sk as number)
const sorted = (items: Plain[]) => numbers(items).sort((a, b) => a - b)
const ALL = sorted(ITEMS)
const INDEXED = ALL.filter(i => i % 3 === 0)

test('a scan in pages of any size finds each item once, in one order', async t => {
  const whole = numbers(await scanned({}))
  t.deepEqual(
    [...whole].sort((a, b) => a - b),
    ALL,
  )
  for (const Limit of [1, 7, 50, HASHED, HASHED + 1]) t.deepEqual(numbers(await scanned({ Limit })), whole)
})

test('items of one partition key lie together, in order', async t => {
  const seen = new Map<string, number[]>()
  let last = ''
  for (const { pk, sk } of await scanned({ Limit: 11 })) {
    if (pk !== last) t.false(seen.has(pk), `${pk} was left and met again`)
    seen.set(pk, [...(seen.get(pk) ?? []), sk])
    last = pk
  }
  for (const sks of seen.values())
    t.deepEqual(
      sks,
      [...sks].sort((a, b) => a - b),
    )
})

for (const TotalSegments of [1, 2, 3, 4, 7, 16, 1000]) {
  test(`${TotalSegments} segments together are the table`, async t => {
    const asked = Array.from({ length: Math.min(TotalSegments, 40) }, (_, i) =>
      TotalSegments <= 40 ? i : Math.floor((i * TotalSegments) / 40),
    )
    const segments = await Promise.all(asked.map(Segment => scanned({ Segment, TotalSegments, Limit: 9 })))
    const found = sorted(segments.flat())
    t.is(new Set(found).size, found.length)
    if (TotalSegments <= 40) t.deepEqual(found, ALL)
    if (TotalSegments === 4) t.true(segments.every(segment => segment.length < HASHED / 2))
  })
}

test('indexes are scanned too, whole and in segments', async t => {
  for (const IndexName of ['byL', 'byG']) {
    t.deepEqual(sorted(await scanned({ IndexName })), INDEXED)
    t.deepEqual(sorted(await scanned({ IndexName, Limit: 7 })), INDEXED)
    const segments = await Promise.all(
      [0, 1, 2].map(Segment => scanned({ IndexName, Segment, TotalSegments: 3, Limit: 4 })),
    )
    t.deepEqual(sorted(segments.flat()), INDEXED)
  }
})

test('a filter leaves out, after the counting', async t => {
  const answer = await docs.scan({
    TableName: T,
    FilterExpression: 'attribute_exists(g) AND sk < :ten',
    ExpressionAttributeValues: { ':ten': 10 },
  })
  t.deepEqual(sorted(answer.Items!), [0, 3, 6, 9])
  t.deepEqual([answer.Count, answer.ScannedCount], [4, HASHED])
  const count = await docs.scan({ TableName: T, Select: 'COUNT' })
  t.deepEqual([count.Count, count.Items], [HASHED, undefined])
})

test('a scan while items come and go finds every item that stays', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const stay = Array.from({ length: 50 }, (_, i) => ({ pk: `stay-${i}` }))
  await fill(docs, TableName, stay)
  let scanning = true
  const disturb = async () => {
    for (let i = 0; scanning; i++) {
      await docs.put({ TableName, Item: { pk: `come-${i}` } })
      await docs.delete({ TableName, Key: { pk: `come-${i - 3}` } })
    }
  }
  const disturbing = disturb()
  const found: string[] = []
  for await (const page of paginateScan({ client: docs, pageSize: 5 }, { TableName }))
    found.push(...page.Items!.map(item => item.pk))
  scanning = false
  await disturbing
  t.deepEqual(found.filter(pk => pk.startsWith('stay')).sort(), stay.map(({ pk }) => pk).sort())
})

const REFUSED: [string, Partial<ScanCommandInput>, string][] = [
  [
    'a segment without a total',
    { Segment: 0 },
    'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
  ],
  [
    'a total without a segment',
    { TotalSegments: 2 },
    'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
  ],
  [
    'a segment beyond the total',
    { Segment: 2, TotalSegments: 2 },
    'The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2',
  ],
  [
    'a million segments and one',
    { Segment: 0, TotalSegments: 1_000_001 },
    "1 validation error detected: Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000",
  ],
  [
    'Limit 0',
    { Limit: 0 },
    "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  ['an unknown index', { IndexName: 'nope' }, 'The table does not have the specified index: nope'],
  [
    'a start key that is no key',
    { ExclusiveStartKey: { pk: { S: 'a' } } },
    'The provided starting key is invalid: The provided key element does not match the schema',
  ],
  [
    'SPECIFIC_ATTRIBUTES of none',
    { Select: 'SPECIFIC_ATTRIBUTES' },
    'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
  ],
]
for (const [problem, input, message] of REFUSED) {
  test(`Scan refuses ${problem}`, async t => {
    t.is(await invalid(db.scan({ TableName: T, ...input })), message)
  })
}

test('a start key belongs to its segment', async t => {
  const pages = await Promise.all(
    [0, 1].map(Segment => docs.scan({ TableName: T, Segment, TotalSegments: 2, Limit: 1 })),
  )
  const stray = docs.scan({ TableName: T, Segment: 0, TotalSegments: 2, ExclusiveStartKey: pages[1]!.LastEvaluatedKey })
  t.is(
    await invalid(stray),
    'The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 0',
  )
})
