/** What every contestant is asked: the same table, the same items of about 1 KB, the same requests. */

export const TABLE = 'Bench'
/** Items under one partition key: what a Query returns. */
const PER_KEY = 20

export type Operation = 'GetItem' | 'PutItem' | 'UpdateItem' | 'Query' | 'BatchWriteItem'
export const OPERATIONS: Operation[] = ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'BatchWriteItem']

export const CREATE_TABLE = {
  TableName: TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
}

export function keyOf(index: number) {
  return { pk: { S: `customer#${Math.floor(index / PER_KEY)}` }, sk: { N: String(index % PER_KEY) } }
}

/** About 1 KB, of the types that people use. */
export function itemOf(index: number) {
  return {
    ...keyOf(index),
    name: { S: `Order ${index} of a customer` },
    status: { S: 'shipped' },
    amount: { N: '129.95' },
    version: { N: '1' },
    paid: { BOOL: true },
    tags: { SS: ['express', 'gift', 'insured'] },
    address: { M: { street: { S: '12 Main Street' }, city: { S: 'Springfield' }, zip: { S: '12345' } } },
    lines: { L: [1, 2, 3].map(line => ({ M: { sku: { S: `SKU-${line}` }, quantity: { N: String(line) } } })) },
    note: { S: 'Leave it with the neighbours if nobody is at home. '.repeat(10) },
  }
}

/** The body of one request on item `index`. */
export function requestOf(operation: Operation, index: number): object {
  switch (operation) {
    case 'GetItem':
      return { TableName: TABLE, Key: keyOf(index) }
    case 'PutItem':
      return { TableName: TABLE, Item: itemOf(index) }
    case 'UpdateItem':
      return {
        TableName: TABLE,
        Key: keyOf(index),
        UpdateExpression: 'SET #status = :status, version = version + :one',
        ConditionExpression: 'attribute_exists(pk) AND version >= :one',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': { S: 'delivered' }, ':one': { N: '1' } },
      }
    case 'Query':
      return {
        TableName: TABLE,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keyOf(index).pk },
      }
    case 'BatchWriteItem':
      return batchOf(Array.from({ length: 25 }, (_, offset) => index + offset))
  }
}

/** A BatchWriteItem that puts up to 25 items. */
export function batchOf(indexes: number[]): object {
  return { RequestItems: { [TABLE]: indexes.map(index => ({ PutRequest: { Item: itemOf(index) } })) } }
}
