/** A server and storage nodes, each as a process is composed, over loopback. */
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import test, { type ExecutionContext } from 'ava'
import type { ClusterStatus } from '../../../server/cluster/status.ts'
import { scrape } from '../../helpers/metrics.ts'
import { makeWorld, type World } from '../../helpers/world.ts'

const text = (S: string) => ({ S })
const KEYS = Array.from({ length: 20 }, (_, i) => `key ${i}`)

function given(t: ExecutionContext): World {
  const world = makeWorld()
  t.teardown(world.close)
  return world
}

function client(t: ExecutionContext, endpoint: string): DynamoDB {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const db = new DynamoDB({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  t.teardown(() => db.destroy())
  return db
}

const TABLE = {
  TableName: 'Table',
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' as const },
    { AttributeName: 'g', AttributeType: 'S' as const },
  ],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byG',
      KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'ALL' as const },
    },
  ],
}

test('tables over two storage nodes answer through two servers', async t => {
  const world = given(t)
  const nodes = [await world.storage('a'), await world.storage('b')]
  const first = client(t, (await world.server({ partitions: 4, replicas: 1, indexWaitMs: 1000 })).endpoint)
  const second = client(t, (await world.server({ partitions: 4, replicas: 1, indexWaitMs: 1000 })).endpoint)
  await first.createTable(TABLE)
  t.is((await second.describeTable({ TableName: 'Table' })).Table!.TableStatus, 'ACTIVE')
  for (const node of nodes) {
    const metrics = await scrape(node.endpoint)
    t.is(metrics.value('tavola_partitions_led', {}), 4)
  }
  const put = (pk: string) => first.putItem({ TableName: 'Table', Item: { pk: text(pk), g: text('g') } })
  await Promise.all(KEYS.map(put))
  const read = (pk: string) => second.getItem({ TableName: 'Table', Key: { pk: text(pk) }, ConsistentRead: true })
  for (const pk of KEYS) t.deepEqual((await read(pk)).Item, { pk: text(pk), g: text('g') })
  t.is((await second.scan({ TableName: 'Table', ConsistentRead: true })).Count, KEYS.length)
  const query = { KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': text('g') } }
  t.is((await second.query({ TableName: 'Table', IndexName: 'byG', ...query })).Count, KEYS.length)
  t.is((await second.describeTable({ TableName: 'Table' })).Table!.ItemCount, KEYS.length)
  const add = (pk: string) => ({
    Update: {
      TableName: 'Table',
      Key: { pk: text(pk) },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
  })
  const request = { TransactItems: KEYS.map(add), ClientRequestToken: 'once' }
  await first.transactWriteItems(request)
  await second.transactWriteItems(request)
  const got = await second.transactGetItems({
    TransactItems: KEYS.map(pk => ({ Get: { TableName: 'Table', Key: { pk: text(pk) } } })),
  })
  t.deepEqual(
    got.Responses!.map(({ Item }) => Item!.n),
    KEYS.map(() => ({ N: '1' })),
  )
  await t.throwsAsync(
    first.transactWriteItems({
      TransactItems: [
        add(KEYS[0]!),
        {
          ConditionCheck: {
            TableName: 'Table',
            Key: { pk: text('none') },
            ConditionExpression: 'attribute_exists(pk)',
          },
        },
      ],
    }),
    { name: 'TransactionCanceledException' },
  )
  await second.deleteTable({ TableName: 'Table' })
  await t.throwsAsync(first.describeTable({ TableName: 'Table' }), { name: 'ResourceNotFoundException' })
})

test('requests wait for a storage node that is on its way', async t => {
  const world = given(t)
  const node = await world.storage('a')
  const db = client(t, (await world.server({ replicas: 1 })).endpoint)
  await db.createTable(TABLE)
  await db.putItem({ TableName: 'Table', Item: { pk: text('x') } })
  await node.close()
  const reading = db.getItem({ TableName: 'Table', Key: { pk: text('x') }, ConsistentRead: true })
  const writing = db.putItem({ TableName: 'Table', Item: { pk: text('y') } })
  await new Promise(resolve => setTimeout(resolve, 300))
  await world.storage('a')
  t.deepEqual((await reading).Item, { pk: text('x') })
  await t.notThrowsAsync(writing)
})

test('a replicated partition is handed over when its node leaves, and no request fails', async t => {
  const world = given(t)
  const nodes = [await world.storage('a'), await world.storage('b'), await world.storage('c')]
  const db = client(t, (await world.server({ partitions: 3 })).endpoint)
  await db.createTable(TABLE)
  let stopped = false
  let written = 0
  const writers = [0, 1, 2, 3].map(async writer => {
    while (!stopped) {
      await db.putItem({ TableName: 'Table', Item: { pk: text(`${writer}`), n: { N: `${++written}` } } })
      await db.getItem({ TableName: 'Table', Key: { pk: text(`${writer}`) }, ConsistentRead: true })
    }
  })
  await new Promise(resolve => setTimeout(resolve, 200))
  await nodes[0]!.close()
  await new Promise(resolve => setTimeout(resolve, 200))
  stopped = true
  await t.notThrowsAsync(Promise.all(writers))
  t.is((await db.scan({ TableName: 'Table', ConsistentRead: true })).Count, 4)
})

test('a storage node says how it is', async t => {
  const world = given(t)
  const { endpoint, address } = await world.storage('a')
  const ask = async (path: string) => {
    const response = await fetch(endpoint + path)
    return `${response.status} ${await response.text()}`
  }
  t.is(await ask('/healthz'), '200 {"status":"ok"}')
  t.is(await ask('/readyz'), '200 {"ready":true}')
  t.regex(await ask('/metrics'), /tavola_rpc_connections 0/)
  t.is(await ask('/'), '404 Not Found')
  const record = await world.metadata.get('nodes/a')
  t.like(JSON.parse(record!.value), { node: 'a', address, zone: 'zone of a', role: 'storage' })
})

test('a server says how the cluster is', async t => {
  const world = given(t)
  const { address } = await world.storage('a', { pool: 'fast' })
  await world.storage('b', { pool: 'fast' })
  await world.storage('c')
  const placement = JSON.stringify({ pool: 'fast', replicas: 3, partitions: 2 })
  await world.metadata.commit({ guards: [], puts: [{ key: 'placements/Table', value: placement }] })
  const { endpoint } = await world.server({ replicas: 1 })
  await client(t, endpoint).createTable({
    ...TABLE,
    GlobalSecondaryIndexes: undefined,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  })
  const response = await fetch(`${endpoint}/admin/cluster`)
  t.is(response.headers.get('content-type'), 'application/json')
  const status = (await response.json()) as ClusterStatus
  t.like(status.nodes[0], {
    name: 'a',
    zone: 'zone of a',
    pool: 'fast',
    address,
    live: true,
    draining: false,
    replicas: 2,
  })
  t.like(status.nodes[2], { name: 'c', pool: 'default', empty: true })
  t.like(status.tables[0], {
    name: 'Table',
    status: 'ACTIVE',
    pool: 'fast',
    partitions: 2,
    led: 2,
    replicas: { wanted: 3, healthy: 2 },
  })
  t.deepEqual(status.problems[0], {
    level: 'risk',
    what: 'Table/1 has 2 replicas of 3',
    doing: 'they are made when pool fast has a node for them',
  })
})

test('a node that nobody can reach does not start', async t => {
  const world = given(t)
  await t.throwsAsync(world.storage('a', { rpcHost: '0.0.0.0' }), { message: /--advertise/ })
  await world.storage('b', { rpcHost: '127.0.0.1', advertise: 'localhost' })
  const record = JSON.parse((await world.metadata.get('nodes/b'))!.value)
  t.regex(record.address, /^http:\/\/localhost:\d+$/)
})
