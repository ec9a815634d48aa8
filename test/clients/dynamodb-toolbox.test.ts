/** dynamodb-toolbox 2, as a team uses it: a table, entities with schemas, access patterns, and every command. */
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import test from 'ava'
import {
  $add,
  $append,
  $delete,
  $get,
  $remove,
  any,
  BatchDeleteRequest,
  BatchGetCommand,
  BatchGetRequest,
  BatchPutRequest,
  BatchWriteCommand,
  boolean,
  DeleteItemCommand,
  Entity,
  executeBatchGet,
  executeBatchWrite,
  GetItemCommand,
  item,
  list,
  map,
  number,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  set,
  string,
  Table,
  UpdateAttributesCommand,
  UpdateItemCommand,
} from 'dynamodb-toolbox'
import { sharedTable, startApi } from '../api/api.ts'

const { db } = await startApi()
const name = sharedTable(db, {
  key: 'PK:S | SK:S',
  local: { byName: { key: 'PK:S | name:S' } },
  global: { byType: { key: 'type:S | level:N' } },
})

const PokeTable = new Table({
  name,
  documentClient: DynamoDBDocumentClient.from(db, { marshallOptions: { removeUndefinedValues: true } }),
  partitionKey: { name: 'PK', type: 'string' },
  sortKey: { name: 'SK', type: 'string' },
  indexes: {
    byName: { type: 'local', sortKey: { name: 'name', type: 'string' } },
    byType: {
      type: 'global',
      partitionKey: { name: 'type', type: 'string' },
      sortKey: { name: 'level', type: 'number' },
    },
  },
})

const Pokemon = new Entity({
  name: 'Pokemon',
  table: PokeTable,
  schema: item({
    trainer: string()
      .key()
      .savedAs('PK')
      .transform({ encode: (id: string) => `T#${id}`, decode: (id: string) => id.slice(2) }),
    id: string().key().savedAs('SK'),
    name: string(),
    type: string().enum('fire', 'water', 'grass').default('fire'),
    level: number().default(1),
    captured: boolean().optional(),
    moves: list(string()).default(() => []),
    badges: set(string()).optional(),
    stats: map({ attack: number(), speed: number().optional() }).optional(),
    extra: any().optional(),
  }),
})

test('put, get, conditions and what failed', async t => {
  const put = (id: string, more: { level?: number } = {}) =>
    Pokemon.build(PutItemCommand).item({ trainer: 'ash', id, name: 'Pika', stats: { attack: 5 }, ...more })
  await put('one').send()
  const { Item } = await Pokemon.build(GetItemCommand).key({ trainer: 'ash', id: 'one' }).send()
  t.like(Item, { trainer: 'ash', id: 'one', name: 'Pika', type: 'fire', level: 1, moves: [], stats: { attack: 5 } })
  t.is(typeof Item!.created, 'string')
  const once = put('one', { level: 9 }).options({ condition: { attr: 'id', exists: false } })
  await t.throwsAsync(once.send(), { name: 'ConditionalCheckFailedException' })
  const { Attributes } = await put('one', { level: 9 }).options({ returnValues: 'ALL_OLD' }).send()
  t.is(Attributes?.level, 1)
  const partial = await Pokemon.build(GetItemCommand)
    .key({ trainer: 'ash', id: 'one' })
    .options({ attributes: ['level', 'stats.attack'], consistent: true })
    .send()
  t.deepEqual(partial.Item, { level: 9, stats: { attack: 5 } })
})

test('update: every kind of change in one request', async t => {
  const key = { trainer: 'ash', id: 'updated' }
  await Pokemon.build(PutItemCommand)
    .item({ ...key, name: 'Squirtle', type: 'water', moves: ['splash'], badges: new Set(['a', 'b']), captured: true })
    .send()
  const { Attributes } = await Pokemon.build(UpdateItemCommand)
    .item({
      ...key,
      level: $add(4),
      moves: $append(['surf']),
      badges: $delete(new Set(['a'])),
      captured: $remove(),
      extra: $get('name'),
    })
    .options({ returnValues: 'ALL_NEW', condition: { attr: 'level', lt: 5 } })
    .send()
  t.like(Attributes, { level: 5, moves: ['splash', 'surf'], badges: new Set(['b']), extra: 'Squirtle' })
  t.false('captured' in Attributes!)
  await Pokemon.build(UpdateAttributesCommand)
    .item({ ...key, stats: { attack: 1, speed: 2 } })
    .send()
  const { Item } = await Pokemon.build(GetItemCommand).key(key).send()
  t.deepEqual(Item?.stats, { attack: 1, speed: 2 })
})

test('queries on the table and on both kinds of index', async t => {
  const names = ['Eevee', 'Abra', 'Mew', 'Zubat', 'Onix']
  for (const [i, pokemon] of names.entries()) {
    const fields = { trainer: 'misty', id: `${i}`, name: pokemon, type: 'grass' as const, level: i * 10 }
    await Pokemon.build(PutItemCommand).item(fields).send()
  }
  const query = () => PokeTable.build(QueryCommand).entities(Pokemon)
  const found = (Items: { name: string }[] | undefined) => Items!.map(pokemon => pokemon.name)
  t.deepEqual(found((await query().query({ partition: 'T#misty' }).send()).Items), names)
  const ranged = query().query({ partition: 'T#misty', range: { between: ['1', '3'] } })
  t.deepEqual(found((await ranged.options({ reverse: true }).send()).Items), ['Zubat', 'Mew', 'Abra'])
  const named = query().query({ index: 'byName', partition: 'T#misty', range: { lte: 'Mew' } })
  t.deepEqual(found((await named.send()).Items), ['Abra', 'Eevee', 'Mew'])
  const strong = query()
    .query({ index: 'byType', partition: 'grass', range: { gte: 20 } })
    .options({ filters: { Pokemon: { attr: 'name', beginsWith: 'Z' } } })
  t.deepEqual(found((await strong.send()).Items), ['Zubat'])
  const pages: string[] = []
  let exclusiveStartKey: Record<string, unknown> | undefined
  do {
    const page = await query().query({ partition: 'T#misty' }).options({ limit: 2, exclusiveStartKey }).send()
    pages.push(...found(page.Items))
    exclusiveStartKey = page.LastEvaluatedKey
  } while (exclusiveStartKey)
  t.deepEqual(pages, names)
})

test('scan in segments', async t => {
  for (let i = 0; i < 12; i++)
    await Pokemon.build(PutItemCommand)
      .item({ trainer: `scan-${i}`, id: 's', name: 'S' })
      .send()
  const filters = { Pokemon: { attr: 'name', eq: 'S' } } as const
  const scan = (segment: number) =>
    PokeTable.build(ScanCommand)
      .entities(Pokemon)
      .options({ segment, totalSegments: 3, maxPages: Infinity, filters })
      .send()
  const segments = await Promise.all([0, 1, 2].map(scan))
  t.is(segments.flatMap(({ Items }) => Items!).length, 12)
})

test('batches and delete', async t => {
  const keys = Array.from({ length: 10 }, (_, i) => ({ trainer: 'batch', id: `${i}` }))
  const puts = keys.map(key => Pokemon.build(BatchPutRequest).item({ ...key, name: 'B' }))
  await executeBatchWrite(PokeTable.build(BatchWriteCommand).requests(...puts))
  const gets = keys.map(key => Pokemon.build(BatchGetRequest).key(key))
  const read = async () => (await executeBatchGet(PokeTable.build(BatchGetCommand).requests(...gets))).Responses![0]!
  t.is((await read()).filter(Boolean).length, 10)
  const deletes = keys.slice(1).map(key => Pokemon.build(BatchDeleteRequest).key(key))
  await executeBatchWrite(PokeTable.build(BatchWriteCommand).requests(...deletes))
  t.is((await read()).filter(Boolean).length, 1)
  const { Attributes } = await Pokemon.build(DeleteItemCommand)
    .key(keys[0]!)
    .options({ returnValues: 'ALL_OLD', condition: { attr: 'name', eq: 'B' } })
    .send()
  t.is(Attributes?.name, 'B')
})
