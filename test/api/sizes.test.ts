import test from 'ava'
import { eventually, invalid, makeTable, type Plain, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })
const MAX = 409_600
const TOO_BIG = 'Item size has exceeded the maximum allowed size'
const UPDATED_TOO_BIG = 'Item size to update has exceeded the maximum allowed size'

/** An item of a size in bytes, names included. */
const sized = (pk: string, size: number) => ({ pk, v: 'x'.repeat(size - 'pk'.length - pk.length - 'v'.length) })

test('an item of 400 KB is written and read, one byte more is not', async t => {
  const item = sized('max', MAX)
  await docs.put({ TableName: T, Item: item })
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'max' } })).Item, item)
  t.is(await invalid(docs.put({ TableName: T, Item: sized('more', MAX + 1) })), TOO_BIG)
})

test('strings count as UTF-8', async t => {
  const v = 'ü'.repeat(Math.floor((MAX - 'pk'.length - 'utf'.length - 'v'.length) / 2))
  await docs.put({ TableName: T, Item: { pk: 'utf', v } })
  t.is(await invalid(docs.put({ TableName: T, Item: { pk: 'utf', v: `${v}ü` } })), TOO_BIG)
  const wide = '🌍'.repeat(100_000)
  await docs.put({ TableName: T, Item: { pk: 'wide', v: wide } })
  t.is((await docs.get({ TableName: T, Key: { pk: 'wide' } })).Item!.v, wide)
})

test('binary counts as it is, not as base64', async t => {
  const v = new Uint8Array(MAX - 'pk'.length - 'binary'.length - 'v'.length).fill(255)
  await docs.put({ TableName: T, Item: { pk: 'binary', v } })
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'binary' } })).Item!.v, v)
})

test('an update may not make an item too big', async t => {
  await docs.put({ TableName: T, Item: sized('grow', 300_000) })
  const grow = (size: number) =>
    docs.update({
      TableName: T,
      Key: { pk: 'grow' },
      UpdateExpression: 'SET more = :more',
      ExpressionAttributeValues: { ':more': 'y'.repeat(size) },
    })
  t.is(await invalid(grow(109_601)), UPDATED_TOO_BIG)
  t.deepEqual(Object.keys((await docs.get({ TableName: T, Key: { pk: 'grow' } })).Item!), ['pk', 'v'])
  await grow(109_000)
})

test('an item of very many attributes, and one of a very long name', async t => {
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`attribute${i}`, i]))
  await docs.put({ TableName: T, Item: { pk: 'many', ...many } })
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'many' } })).Item, { pk: 'many', ...many })
  const long = { pk: 'long', ['n'.repeat(65_535)]: 1 }
  await docs.put({ TableName: T, Item: long })
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'long' } })).Item, long)
  t.not(await invalid(docs.put({ TableName: T, Item: { pk: 'long', ['n'.repeat(65_536)]: 1 } })), 'done')
  t.not(await invalid(docs.put({ TableName: T, Item: { pk: 'nameless', '': 1 } })), 'done')
})

test('a page ends with the item that reaches 1 MB', async t => {
  const TableName = await makeTable(db, { key: 'pk:S | sk:N', global: { byG: { key: 'g:S | sk:N' } } })
  const items = Array.from({ length: 12 }, (_, sk) => ({ pk: 'p', sk, g: 'g', v: 'x'.repeat(300_000) }))
  await Promise.all(items.map(Item => docs.put({ TableName, Item })))
  const pages = async (request: object) => {
    const sizes: number[] = []
    const found: number[] = []
    let ExclusiveStartKey: Plain | undefined
    do {
      const page = await docs.query({ TableName, ExclusiveStartKey, ...request, KeyConditionExpression: '#k = :k' })
      sizes.push(page.ScannedCount!)
      found.push(...(page.Items ?? []).map(item => item.sk))
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
    return { sizes, found }
  }
  const table = { ExpressionAttributeNames: { '#k': 'pk' }, ExpressionAttributeValues: { ':k': 'p' } }
  const all = items.map(item => item.sk)
  t.deepEqual(await pages(table), { sizes: [4, 4, 4, 0], found: all })
  t.deepEqual(await pages({ ...table, ScanIndexForward: false }), { sizes: [4, 4, 4, 0], found: [...all].reverse() })
  t.deepEqual((await pages({ ...table, ProjectionExpression: 'sk' })).sizes, [4, 4, 4, 0])
  t.deepEqual((await pages({ ...table, Select: 'COUNT' })).sizes, [4, 4, 4, 0])
  const index = { IndexName: 'byG', ExpressionAttributeNames: { '#k': 'g' }, ExpressionAttributeValues: { ':k': 'g' } }
  const whole = { sizes: [4, 4, 4, 0], found: all }
  t.deepEqual(await eventually(() => pages(index), whole), whole)
  const none = await docs.scan({
    TableName,
    FilterExpression: 'attribute_exists(nothing)',
  })
  t.deepEqual([none.Count, none.ScannedCount, none.LastEvaluatedKey !== undefined], [0, 4, true])
})

test('expressions have their limits', async t => {
  const Key = { pk: 'limits' }
  const remove = (ConditionExpression: string, values?: Plain) =>
    invalid(docs.delete({ TableName: T, Key, ConditionExpression, ExpressionAttributeValues: values }))
  const long = `attribute_not_exists(${'a'.repeat(4096)})`
  t.is(
    await remove(long),
    `Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: ${long.length}`,
  )
  const names = Array.from({ length: 101 }, (_, i) => `:v${i}`)
  const values = (n: number) => Object.fromEntries(names.slice(0, n).map((name, i) => [name, i]))
  const failed = 'ConditionalCheckFailedException: The conditional request failed'
  t.is(await remove(`a IN (${names.slice(0, 100)})`, values(100)), failed)
  t.not(await remove(`a IN (${names})`, values(101)), failed)
  const ands = (n: number) => Array.from({ length: n + 1 }, () => 'a=:v').join(' AND ')
  t.is(
    await remove(ands(150), { ':v': 1 }),
    'Invalid ConditionExpression: The expression contains too many operators; operator count: 301',
  )
  const deep = Array.from({ length: 33 }, () => 'a').join('.')
  t.is(
    await remove(`attribute_exists(${deep})`),
    'Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33',
  )
})

test('what nests without end is refused, and harms nobody', async t => {
  const open = (n: number) => `${'('.repeat(n)}a = :v${')'.repeat(n)}`
  const request = { TableName: T, Key: { pk: 'x' }, ExpressionAttributeValues: { ':v': 1 } }
  t.not(await invalid(docs.delete({ ...request, ConditionExpression: open(2000) })), 'done')
  t.not(await invalid(docs.delete({ ...request, ConditionExpression: `${'NOT '.repeat(1000)}a = :v` })), 'done')
})
