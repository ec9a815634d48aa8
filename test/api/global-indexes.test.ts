import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import test, { type ExecutionContext } from 'ava'
import {
  eventually,
  fill,
  INVALID_PARAMETER,
  indexed,
  invalid,
  makeTable,
  type Plain,
  sharedTable,
  startApi,
} from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, {
  key: 'pk:S',
  global: {
    byColor: { key: 'color:S' },
    bySize: { key: 'color:S | size:N', project: 'KEYS_ONLY' },
    bySome: { key: 'color:S | size:N', project: ['a'] },
    byBytes: { key: 'bytes:B | pk:S', project: 'KEYS_ONLY' },
  },
})

const COLORED: Plain[] = Array.from({ length: 24 }, (_, i) => ({
  pk: `item-${i}`,
  i,
  a: 'A',
  b: 'B',
  ...(i % 4 === 3 ? {} : { color: i % 2 === 0 ? 'red' : 'blue' }),
  ...(i % 3 === 0 ? {} : { size: i % 5 }),
}))
test.serial.before(async () => {
  await fill(docs, T, COLORED)
  await indexed(docs, T, 'byColor', 18)
  await indexed(docs, T, 'bySize', 12)
  await indexed(docs, T, 'bySome', 12)
})

type Query = Partial<QueryCommandInput> & { IndexName: string }

function query(where: string, values: Plain, query: Query) {
  const names = [...new Set(where.match(/#\w+/g) ?? [])].map(name => [name, name.slice(1)])
  return docs.query({
    TableName: T,
    KeyConditionExpression: where,
    ExpressionAttributeNames: names.length > 0 ? Object.fromEntries(names) : undefined,
    ExpressionAttributeValues: values,
    ...query,
  })
}

/** All pages of a query. */
async function pages(t: ExecutionContext, where: string, values: Plain, request: Query): Promise<Plain[]> {
  const found: Plain[] = []
  let ExclusiveStartKey: Plain | undefined
  for (let i = 0; i === 0 || ExclusiveStartKey; i++) {
    t.true(i < 1000, 'paging has no end')
    const page = await query(where, values, { ...request, ExclusiveStartKey })
    found.push(...page.Items!)
    ExclusiveStartKey = page.LastEvaluatedKey
  }
  return found
}

const RED = COLORED.filter(item => item.color === 'red')
const byNumber = (a: Plain, b: Plain) => a.i - b.i

test('an index has the items that have all of its key', async t => {
  const { Items, Count } = await query('color = :c', { ':c': 'red' }, { IndexName: 'byColor' })
  t.is(Count, RED.length)
  t.deepEqual(Items!.sort(byNumber), RED)
  const sized = await query('color = :c', { ':c': 'red' }, { IndexName: 'bySize' })
  t.is(sized.Count, RED.filter(item => 'size' in item).length)
  t.is((await query('color = :c', { ':c': 'green' }, { IndexName: 'byColor' })).Count, 0)
})

test('sort keys order, and equal keys are passed over without loss in both directions', async t => {
  const expected = RED.filter(item => 'size' in item)
  for (const Limit of [1, 2, 3, 5, 100]) {
    for (const ScanIndexForward of [true, false]) {
      const request = { IndexName: 'bySize', Limit, ScanIndexForward }
      const found = await pages(t, 'color = :c', { ':c': 'red' }, request)
      const sizes = found.map(item => item.size)
      t.deepEqual(
        sizes,
        [...sizes].sort((a, b) => (ScanIndexForward ? a - b : b - a)),
      )
      t.deepEqual(found.map(item => item.pk).sort(), expected.map(item => item.pk).sort())
    }
  }
})

test('keys of pages carry the index key and the table key', async t => {
  const page = await query('color = :c', { ':c': 'red' }, { IndexName: 'bySize', Limit: 1 })
  t.deepEqual(Object.keys(page.LastEvaluatedKey!).sort(), ['color', 'pk', 'size'])
  const scan = await docs.scan({ TableName: T, IndexName: 'byColor', Limit: 1 })
  t.deepEqual(Object.keys(scan.LastEvaluatedKey!).sort(), ['color', 'pk'])
  t.is(
    await invalid(
      query('color = :c', { ':c': 'red' }, { IndexName: 'bySize', ExclusiveStartKey: { pk: 'a', color: 'red' } }),
    ),
    'The provided starting key is invalid',
  )
})

test('projections of every kind', async t => {
  const first = async (IndexName: string, more: Partial<QueryCommandInput> = {}) =>
    (await query('color = :c AND #size = :s', { ':c': 'red', ':s': 1 }, { IndexName, ...more })).Items!.sort((x, y) =>
      x.pk < y.pk ? -1 : 1,
    )[0]
  t.deepEqual(await first('bySize'), { pk: 'item-16', color: 'red', size: 1 })
  t.deepEqual(await first('bySome'), { pk: 'item-16', color: 'red', size: 1, a: 'A' })
  t.deepEqual(await first('bySome', { ProjectionExpression: 'a' }), { a: 'A' })
  t.is(
    await invalid(first('bySome', { ProjectionExpression: 'a, b' })),
    `${INVALID_PARAMETER}Global secondary index bySome does not project [b]`,
  )
  t.is(
    await invalid(first('bySize', { Select: 'ALL_ATTRIBUTES' })),
    `${INVALID_PARAMETER}Select type ALL_ATTRIBUTES is not supported for global secondary index bySize because its projection type is not ALL`,
  )
})

test('binary keys, and the table key within the index key', async t => {
  const bytes = (n: number) => new Uint8Array([n, 0, 255])
  await fill(
    docs,
    T,
    [1, 2, 3].map(n => ({ pk: `bytes-${n}`, bytes: bytes(7) })),
  )
  await indexed(docs, T, 'byBytes', 3)
  const request = { IndexName: 'byBytes' }
  const { Items } = await query('#bytes = :b AND pk > :pk', { ':b': bytes(7), ':pk': 'bytes-1' }, request)
  t.deepEqual(
    Items!.map(item => item.pk),
    ['bytes-2', 'bytes-3'],
  )
})

test('writes move, add and remove the entry of an item, and readers see it', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' } } })
  const at = async (g: string) => (await query('g = :g', { ':g': g }, { TableName, IndexName: 'byG' })).Items!
  for (let i = 0; i < 20; i++) {
    const old = `g${i}`
    const next = `g${i + 1}`
    if (i === 0) await docs.put({ TableName, Item: { pk: 'a', g: old } })
    await docs.update({
      TableName,
      Key: { pk: 'a' },
      UpdateExpression: 'SET g = :g',
      ExpressionAttributeValues: { ':g': next },
    })
    const moved: Plain[][] = [[], [{ pk: 'a', g: next }]]
    t.deepEqual(await eventually(() => Promise.all([old, next].map(at)), moved), moved)
  }
  await docs.update({ TableName, Key: { pk: 'a' }, UpdateExpression: 'REMOVE g' })
  t.deepEqual(await eventually(() => at('g20'), []), [])
  await docs.put({ TableName, Item: { pk: 'a', g: 'back' } })
  await indexed(docs, TableName, 'byG', 1)
  await docs.delete({ TableName, Key: { pk: 'a' } })
  t.deepEqual(await eventually(() => at('back'), []), [])
})

test('index keys of the wrong type, too long or empty refuse the write', async t => {
  const put = (item: Plain) => invalid(docs.put({ TableName: T, Item: { pk: 'bad', ...item } }))
  t.is(
    await put({ color: 5 }),
    `${INVALID_PARAMETER}Type mismatch for Index Key color Expected: S Actual: N IndexName: byColor`,
  )
  t.is(
    await put({ color: '' }),
    'One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: byColor, IndexKey: color',
  )
  t.not(await put({ color: 'x'.repeat(2049) }), 'done')
  t.is(
    await invalid(
      docs.update({
        TableName: T,
        Key: { pk: 'item-0' },
        UpdateExpression: 'SET color = :c',
        ExpressionAttributeValues: { ':c': '' },
      }),
    ),
    'One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.',
  )
  t.is((await docs.get({ TableName: T, Key: { pk: 'bad' } })).Item, undefined)
})

const MANY = { key: 'a:S b:N c:B d:S | e:N f:S g:B h:N' }

test('keys of four and four attributes: equality from the left, one range at the end', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { many: MANY } })
  const head = { a: 'A', b: 1, c: new Uint8Array([1]), d: 'D' }
  const items: Plain[] = []
  for (const e of [10, 9]) {
    for (const f of ['x', 'y']) {
      for (const g of [2, 1]) for (const h of [3, -3]) items.push({ ...head, e, f, g: new Uint8Array([g]), h })
    }
  }
  // One lacks a part of the index key, the others are of other partitions.
  const { h: _, ...lacking } = items[0]!
  const strangers = [lacking, { ...items[0], b: 2 }, { ...items[0], d: 'DD' }]
  await fill(
    docs,
    TableName,
    [...items, ...strangers].map((item, i) => ({ ...item, pk: `${i}` })),
  )
  // All but the one that lacks a part of the key.
  await indexed(docs, TableName, 'many', items.length + 2)
  const tuple = (item: Plain) => `${String(item.e).padStart(2, '0')} ${item.f} ${item.g[0]} ${item.h === 3 ? 1 : 0}`
  const ordered = items.map(tuple).sort()
  const values: Plain = { ':a': 'A', ':b': 1, ':c': new Uint8Array([1]), ':d': 'D' }
  const where = 'a = :a AND b = :b AND c = :c AND d = :d'
  const request = { TableName, IndexName: 'many' }
  for (const Limit of [1, 3, 100]) {
    const found = await pages(t, where, values, { ...request, Limit })
    t.deepEqual(found.map(tuple), ordered)
    const back = await pages(t, where, values, { ...request, Limit, ScanIndexForward: false })
    t.deepEqual(back.map(tuple), [...ordered].reverse())
  }
  const narrowed = async (condition: string, more: Plain) =>
    (await pages(t, `${where} AND ${condition}`, { ...values, ...more }, { ...request, Limit: 2 })).map(tuple)
  t.deepEqual(
    await narrowed('e = :e', { ':e': 9 }),
    ordered.filter(text => text.startsWith('09')),
  )
  t.deepEqual(
    await narrowed('e > :e', { ':e': 9 }),
    ordered.filter(text => text.startsWith('10')),
  )
  t.deepEqual(
    await narrowed('e = :e AND begins_with(f, :f)', { ':e': 9, ':f': 'y' }),
    ordered.filter(x => x.startsWith('09 y')),
  )
  t.deepEqual(
    await narrowed('e = :e AND f = :f AND g = :g AND h BETWEEN :lo AND :hi', {
      ':e': 10,
      ':f': 'x',
      ':g': new Uint8Array([2]),
      ':lo': -3,
      ':hi': 0,
    }),
    ['10 x 2 0'],
  )
  const refused = (condition: string, more: Plain) => invalid(query(condition, { ...values, ...more }, request))
  t.is(await refused(`${where} AND f = :f`, { ':f': 'x' }), 'Query key condition not supported')
  t.is(await refused(`${where} AND e > :e AND f = :f`, { ':e': 1, ':f': 'x' }), 'Query key condition not supported')
  const { ':d': __, ...three } = values
  t.is(
    await invalid(query('a = :a AND b = :b AND c = :c', three, request)),
    'Query condition missed key schema element: d',
  )
  const page = await query(where, values, { ...request, Limit: 1 })
  t.deepEqual(Object.keys(page.LastEvaluatedKey!).sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'pk'])
})

test('five hash attributes are too many', async t => {
  t.is(
    await invalid(makeTable(db, { key: 'pk:S', global: { five: { key: 'a:S b:S c:S d:S e:S' } } })),
    'The KeySchema exceeds the maximum allowed number of HASH key attributes',
  )
})
