import test from 'ava'
import { connect, invalid, makeTable, refusal, startApi } from './api.ts'

const { db, docs, node } = await startApi()

async function tableWithArn() {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' } } })
  const arn = (await db.describeTable({ TableName })).Table!.TableArn!
  return { TableName, arn }
}

test("a table's ARN does where its name does", async t => {
  const { TableName, arn } = await tableWithArn()
  const Key = { pk: 'a' }
  await docs.put({ TableName: arn, Item: { pk: 'a', n: 1 } })
  t.deepEqual((await docs.get({ TableName: arn, Key })).Item, { pk: 'a', n: 1 })
  await docs.update({ TableName: arn, Key, UpdateExpression: 'REMOVE n' })
  t.is((await docs.scan({ TableName: arn })).Count, 1)
  const query = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 'a' } }
  t.is((await docs.query({ TableName: arn, ...query })).Count, 1)
  t.is((await db.describeTable({ TableName: arn })).Table?.TableName, TableName)
  t.is((await db.describeTimeToLive({ TableName: arn })).TimeToLiveDescription?.TimeToLiveStatus, 'DISABLED')
  await docs.batchWrite({ RequestItems: { [arn]: [{ PutRequest: { Item: { pk: 'b' } } }] } })
  const batch = await docs.batchGet({ RequestItems: { [arn]: { Keys: [{ pk: 'b' }] } } })
  t.deepEqual(batch.Responses, { [TableName]: [{ pk: 'b' }] })
  await docs.delete({ TableName: arn, Key })
  await db.deleteTable({ TableName: arn })
})

test('capacity is reported under what was sent', async t => {
  const { arn } = await tableWithArn()
  const { ConsumedCapacity } = await docs.get({ TableName: arn, Key: { pk: 'a' }, ReturnConsumedCapacity: 'TOTAL' })
  t.is(ConsumedCapacity?.TableName, arn)
})

test('ARNs of another region, of another account and of other things', async t => {
  const { arn } = await tableWithArn()
  const get = (TableName: string) => refusal(docs.get({ TableName, Key: { pk: 'a' } }))
  t.regex(
    await get(arn.replace('us-east-1', 'eu-west-1')),
    /^ValidationException: 1 validation error detected: Invalid AWS region in /,
  )
  t.is(await get(arn.replace(/:\d{12}:/, ':999999999999:')), 'AccessDeniedException: Access is denied')
  t.regex(await get(`${arn}/index/byG`), /^ValidationException: /)
  t.is(await get(`${arn}-not`), 'ResourceNotFoundException: Requested resource not found')
})

test('all access keys and all regions of clients see the same tables', async t => {
  const { TableName, arn } = await tableWithArn()
  await docs.put({ TableName, Item: { pk: 'shared' } })
  for (const [region, accessKeyId] of [
    ['us-east-1', 'other'],
    ['eu-central-1', 'AKIAIOSFODNN7EXAMPLE'],
  ] as const) {
    const other = connect(node.endpoint, region, accessKeyId)
    t.teardown(() => other.db.destroy())
    t.deepEqual((await other.docs.get({ TableName, Key: { pk: 'shared' } })).Item, { pk: 'shared' })
    t.is((await other.db.describeTable({ TableName })).Table?.TableArn, arn)
  }
  t.is(
    await invalid(docs.get({ TableName: 'a b', Key: {} })),
    "1 validation error detected: Value 'a b' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
  )
})
