// `helm test`: makes a table, writes an item, reads it back, drops the table.
const table = `helm-test-${Date.now()}`
const item = { id: { S: 'one' }, value: { N: '42' } }
const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=test'

async function ask(operation, input) {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'x-amz-date': '20260101T000000Z',
    authorization,
  }
  const response = await fetch(process.env.ENDPOINT, { method: 'POST', headers, body: JSON.stringify({ TableName: table, ...input }) })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${operation}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

await ask('CreateTable', {
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
})
for (let seconds = 0; (await ask('DescribeTable', {})).Table.TableStatus !== 'ACTIVE'; seconds++) {
  if (seconds === 60) throw new Error('the table is not ACTIVE within a minute')
  await new Promise(resolve => setTimeout(resolve, 1000))
}
await ask('PutItem', { Item: item })
const { Item } = await ask('GetItem', { Key: { id: item.id }, ConsistentRead: true })
await ask('DeleteTable', {})
if (Item?.value?.N !== '42') throw new Error(`read ${JSON.stringify(Item)} instead of ${JSON.stringify(item)}`)
console.log(`wrote an item to ${table}, and read it back`)
