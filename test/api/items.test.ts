import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { INVALID_PARAMETER, invalid, makeTable, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })
const TWO = sharedTable(db, { key: 'pk:S | sk:N' })

type Item = Record<string, AttributeValue>

const KEYS: [string, Item, string][] = [
  ['lacks', { other: { S: 'a' } }, `${INVALID_PARAMETER}Missing the key pk in the item`],
  ['has the wrong type of', { pk: { N: '1' } }, `${INVALID_PARAMETER}Type mismatch for key pk expected: S actual: N`],
  [
    'has an empty',
    { pk: { S: '' } },
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
  ],
  [
    'has too long a',
    { pk: { S: 'x'.repeat(2049) } },
    `${INVALID_PARAMETER}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
  ],
]
for (const [problem, Item, message] of KEYS) {
  test(`PutItem refuses an item that ${problem} key`, async t => {
    t.is(await invalid(db.putItem({ TableName: T, Item })), message)
  })
}

test('keys of the full length are fine', async t => {
  const TableName = await makeTable(db, { key: 'pk:S | sk:B' })
  const Key = { pk: { S: 'x'.repeat(2048) }, sk: { B: new Uint8Array(1024).fill(7) } }
  await db.putItem({ TableName, Item: { ...Key, a: { N: '1' } } })
  t.deepEqual((await db.getItem({ TableName, Key })).Item, { ...Key, a: { N: '1' } })
  const long = { ...Key, sk: { B: new Uint8Array(1025) } }
  t.is(
    await invalid(db.putItem({ TableName, Item: long })),
    `${INVALID_PARAMETER}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`,
  )
})

const MISMATCH = 'The provided key element does not match the schema'
const WRONG_KEYS: Item[] = [
  { pk: { S: 'a' } },
  { pk: { S: 'a' }, sk: { S: '1' } },
  { pk: { S: 'a' }, sk: { N: '1' }, more: { S: 'x' } },
  { pk: { S: 'a' }, other: { N: '1' } },
]
for (const Key of WRONG_KEYS) {
  test(`the key ${JSON.stringify(Key)} fits no table of hash and number`, async t => {
    t.is(await invalid(db.getItem({ TableName: TWO, Key })), MISMATCH)
    t.is(await invalid(db.deleteItem({ TableName: TWO, Key })), MISMATCH)
    t.is(await invalid(db.updateItem({ TableName: TWO, Key })), MISMATCH)
  })
}

test('numbers are one key however they are written', async t => {
  await docs.put({ TableName: TWO, Item: { pk: 'n', sk: 1000, v: 'first' } })
  await db.putItem({ TableName: TWO, Item: { pk: { S: 'n' }, sk: { N: '1e3' }, v: { S: 'second' } } })
  const { Item } = await db.getItem({ TableName: TWO, Key: { pk: { S: 'n' }, sk: { N: '1000.00' } } })
  t.deepEqual(Item, { pk: { S: 'n' }, sk: { N: '1000' }, v: { S: 'second' } })
})

test('GetItem of nothing has no Item', async t => {
  t.false('Item' in (await db.getItem({ TableName: T, Key: { pk: { S: 'nothing' } } })))
})

test('PutItem replaces the whole item and can return the old one', async t => {
  const old = { pk: 'put', a: 1, b: 2 }
  t.is((await docs.put({ TableName: T, Item: old, ReturnValues: 'ALL_OLD' })).Attributes, undefined)
  const { Attributes } = await docs.put({ TableName: T, Item: { pk: 'put', c: 3 }, ReturnValues: 'ALL_OLD' })
  t.deepEqual(Attributes, old)
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'put' } })).Item, { pk: 'put', c: 3 })
  t.is(
    await invalid(docs.put({ TableName: T, Item: old, ReturnValues: 'ALL_NEW' })),
    '1 validation error detected: ReturnValues can only be ALL_OLD or NONE',
  )
})

test('DeleteItem deletes, returns the old item, and does not mind if there is none', async t => {
  await docs.put({ TableName: T, Item: { pk: 'delete', a: 1 } })
  const request = { TableName: T, Key: { pk: 'delete' }, ReturnValues: 'ALL_OLD' as const }
  t.deepEqual((await docs.delete(request)).Attributes, { pk: 'delete', a: 1 })
  t.is((await docs.delete(request)).Attributes, undefined)
  t.is((await docs.get({ TableName: T, Key: { pk: 'delete' } })).Item, undefined)
})

test('projections pick attributes, elements and members', async t => {
  const Item = { pk: 'project', a: 1, l: [0, 1, { x: 2, y: 3 }, 4], m: { b: { c: 1, d: 2 }, e: 5 } }
  await docs.put({ TableName: T, Item })
  const project = async (ProjectionExpression: string, ExpressionAttributeNames?: Record<string, string>) =>
    (await docs.get({ TableName: T, Key: { pk: 'project' }, ProjectionExpression, ExpressionAttributeNames })).Item
  t.deepEqual(await project('a, m.b.c'), { a: 1, m: { b: { c: 1 } } })
  t.deepEqual(await project('l[3], l[2].y, l[0]'), { l: [0, { y: 3 }, 4] })
  t.deepEqual(await project('#a', { '#a': 'a' }), { a: 1 })
  t.deepEqual(await project('nothing, m.nothing'), {})
  t.is(
    await invalid(project('m, m.b')),
    'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, b]',
  )
  t.is(
    await invalid(project('year')),
    'Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: year',
  )
})
