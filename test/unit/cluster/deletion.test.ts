/** Tables and indexes that go while they are used. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { startTestNode } from '../../helpers/node.ts'
import { tempFolder } from '../../helpers/temp.ts'

const TableName = 'Table'

function createTable(client: DynamoDBClient): Promise<unknown> {
  return client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: ['id', 'g'].map(AttributeName => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byG',
          KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  )
}

const values = { ':g': { S: 'x' } }
const REQUESTS: ((client: DynamoDBClient, id: string) => Promise<unknown>)[] = [
  (client, id) => client.send(new PutItemCommand({ TableName, Item: { id: { S: id }, g: { S: 'x' } } })),
  client => client.send(new ScanCommand({ TableName })),
  client =>
    client.send(
      new QueryCommand({
        TableName,
        IndexName: 'byG',
        KeyConditionExpression: 'g = :g',
        ExpressionAttributeValues: values,
      }),
    ),
  (client, id) => client.send(new GetItemCommand({ TableName, Key: { id: { S: id } } })),
  (client, id) =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key: { id: { S: id } },
        UpdateExpression: 'SET x = :g',
        ExpressionAttributeValues: values,
      }),
    ),
]

test('requests that meet the end of their table are told that it is not found', async t => {
  const node = await startTestNode({ inMemory: true, partitions: 3 })
  t.teardown(node.close)
  const client = node.client()
  const errors = new Set<string>()
  for (let round = 0; round < 4; round++) {
    await createTable(client)
    let going = true
    const writers = Array.from({ length: 10 }, async (_, writer) => {
      for (let turn = 0; going; turn++) {
        const request = REQUESTS[(turn + writer) % REQUESTS.length]!
        await request(client, `${turn % 50}`).catch(error => errors.add(error.name))
      }
    })
    await new Promise(resolve => setTimeout(resolve, 40))
    await client.send(new DeleteTableCommand({ TableName }))
    going = false
    await Promise.all(writers)
  }
  t.deepEqual([...errors], ['ResourceNotFoundException'])
})

test('nothing is left of a deleted table, and files of unknown partitions are cleared away', async t => {
  const dataDir = join(await tempFolder(t), 'data')
  let node = await startTestNode({ dataDir, partitions: 2 })
  t.teardown(() => node.close())
  const client = node.client()
  await createTable(client)
  const files = async () => (await readdir(join(dataDir, 'partitions'))).filter(file => file.endsWith('.db'))
  t.is((await files()).length, 4)
  const lost = `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}.db`
  await client.send(new DeleteTableCommand({ TableName }))
  t.deepEqual(await files(), [])
  await writeFile(join(dataDir, 'partitions', lost), '')
  await writeFile(join(dataDir, 'partitions', 'mine.txt'), '')
  await node.close()
  node = await startTestNode({ dataDir, partitions: 2 })
  t.deepEqual(await readdir(join(dataDir, 'partitions')), ['mine.txt'])
})
