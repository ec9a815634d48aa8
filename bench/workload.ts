/** What every contestant is asked: the same tables, the same items, the same requests. A new operation is a new entry of OPERATIONS. */

/** Items under one partition key: what a Query returns. */
const PER_KEY = 20
/** Records in the answer of a GetRecords. */
export const RECORDS = 25
/** Items in a BatchWriteItem. */
export const BATCH = 25

/** A table of the bench: how many items it holds, and about how many bytes each has. */
export type BenchTable = {
  name: string
  items: number
  bytes: number
  /** Of the table's stream, if it has one. */
  viewType?: string
}

/** The name tells the size of the items, so that the floor can answer with items of that size. */
export function tableOf(items: number, bytes = 1000): BenchTable {
  return { name: `Bench.${bytes}.${items}`, items, bytes }
}

export const ITEM_BYTES = /Bench\.(\d+)\./

type Workload = {
  /** The body of one request that begins at item `index`. `iterator`: see records.ts. */
  request(table: BenchTable, index: number, iterator: string): object
  /** What the floor answers, about items of so many bytes. */
  answer(bytes: number): object
  /** Items that one request touches. */
  width: number
}

export const OPERATIONS = {
  GetItem: {
    request: ({ name }, index) => ({ TableName: name, Key: keyOf(index) }),
    answer: bytes => ({ Item: itemOf(0, bytes) }),
    width: 1,
  },
  PutItem: {
    request: ({ name, bytes }, index) => ({ TableName: name, Item: anotherOf(index, bytes) }),
    answer: () => ({}),
    width: 1,
  },
  UpdateItem: {
    request: ({ name }, index) => ({
      ...updateOf(name, index),
      ConditionExpression: 'attribute_exists(pk) AND version >= :one',
    }),
    answer: () => ({}),
    width: 1,
  },
  Query: {
    request: ({ name }, index) => ({
      TableName: name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': keyOf(index).pk },
    }),
    answer: bytes => {
      const items = Array.from({ length: PER_KEY }, (_, index) => itemOf(index, bytes))
      return { Count: PER_KEY, Items: items, ScannedCount: PER_KEY }
    },
    width: 1,
  },
  BatchWriteItem: {
    request: (table, index) => batchOf(table, index, BATCH),
    answer: () => ({ UnprocessedItems: {} }),
    width: BATCH,
  },
  'TransactWriteItems 2': transactWrite(2),
  'TransactWriteItems 10': transactWrite(10),
  'TransactGetItems 2': transactGet(2),
  'TransactGetItems 10': transactGet(10),
  ExecuteStatement: {
    request: ({ name }, index) => ({
      Statement: `SELECT * FROM "${name}" WHERE pk = ? AND sk = ?`,
      Parameters: [keyOf(index).pk, keyOf(index).sk],
    }),
    answer: bytes => ({ Items: [itemOf(0, bytes)] }),
    width: 1,
  },
  GetRecords: {
    request: (_table, _index, ShardIterator) => ({ ShardIterator, Limit: RECORDS }),
    answer: bytes => ({
      Records: Array.from({ length: RECORDS }, (_, index) => recordOf(index, bytes)),
      NextShardIterator: 'x'.repeat(200),
    }),
    width: 1,
  },
} as const satisfies Record<string, Workload>

export type Operation = keyof typeof OPERATIONS

const STREAMS = ['DescribeStream', 'GetShardIterator', 'GetRecords']

/** What the header X-Amz-Target says. */
export function targetOf(operation: string): string {
  const name = wireName(operation)
  return `${STREAMS.includes(name) ? 'DynamoDBStreams_20120810' : 'DynamoDB_20120810'}.${name}`
}

/** The API's name of a workload: some are measured in several sizes, which follow the name. */
export function wireName(operation: string): string {
  return operation.split(' ', 1)[0]!
}

/** Puts and updates in turn, and in a larger one a check. */
function transactWrite(actions: number): Workload {
  return {
    request: ({ name, bytes }, index) => ({
      TransactItems: Array.from({ length: actions }, (_, offset) => {
        if (offset === 9) return { ConditionCheck: checkOf(name, index + offset) }
        if (offset % 2 === 0) return { Put: { TableName: name, Item: anotherOf(index + offset, bytes) } }
        return { Update: updateOf(name, index + offset) }
      }),
    }),
    answer: () => ({}),
    width: actions,
  }
}

function transactGet(items: number): Workload {
  const offsets = Array.from({ length: items }, (_, offset) => offset)
  return {
    request: ({ name }, index) => ({
      TransactItems: offsets.map(offset => ({ Get: { TableName: name, Key: keyOf(index + offset) } })),
    }),
    answer: bytes => ({ Responses: offsets.map(index => ({ Item: itemOf(index, bytes) })) }),
    width: items,
  }
}

/** Errors: it is not an operation of the bench. */
export function operationOf(name: string): Operation {
  if (!Object.hasOwn(OPERATIONS, name)) throw new Error(`no such operation: ${name} (${Object.keys(OPERATIONS)})`)
  return name as Operation
}

export function createTable({ name, viewType }: BenchTable): object {
  return {
    StreamSpecification: viewType && { StreamEnabled: true, StreamViewType: viewType },
    TableName: name,
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
}

export function keyOf(index: number) {
  return { pk: { S: `customer#${Math.floor(index / PER_KEY)}` }, sk: { N: String(index % PER_KEY) } }
}

/** Attributes of the types that people use; DynamoDB counts about 190 bytes of them. */
const ORDER = {
  name: { S: 'An order of a customer' },
  amount: { N: '129.95' },
  paid: { BOOL: true },
  tags: { SS: ['express', 'gift', 'insured'] },
  address: { M: { street: { S: '12 Main Street' }, city: { S: 'Springfield' }, zip: { S: '12345' } } },
  lines: { L: [1, 2, 3].map(line => ({ M: { sku: { S: `SKU-${line}` }, quantity: { N: String(line) } } })) },
}
const ORDER_BYTES = 190
/** Of the key, `status`, `version` and the name `note`. */
const SMALLEST_BYTES = 50
const NOTE = 'Leave it with the neighbours if nobody is at home. '

/** What a stream tells of an item's insertion. */
function recordOf(index: number, bytes: number) {
  return {
    eventID: '0'.repeat(32),
    eventName: 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    dynamodb: {
      ApproximateCreationDateTime: 1_700_000_000,
      Keys: keyOf(index),
      NewImage: itemOf(index, bytes),
      SequenceNumber: '1'.repeat(34),
      SizeBytes: bytes,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  }
}

/** An item of about so many bytes, as DynamoDB counts them: an order, if it is large enough for one, and a note that fills it. */
export function itemOf(index: number, bytes: number) {
  const order = bytes > SMALLEST_BYTES + ORDER_BYTES ? ORDER : {}
  const left = Math.max(1, bytes - SMALLEST_BYTES - (order === ORDER ? ORDER_BYTES : 0))
  return { ...keyOf(index), status: { S: 'shipped' }, version: { N: '1' }, ...order, note: { S: noteOf(left) } }
}

/** The item, but for its version: a put of it is a change. */
function anotherOf(index: number, bytes: number) {
  return { ...itemOf(index, bytes), version: { N: String(1 + Math.floor(Math.random() * 1e6)) } }
}

let note = ''
function noteOf(length: number): string {
  if (note.length !== length) note = NOTE.repeat(Math.ceil(length / NOTE.length)).slice(0, length)
  return note
}

function updateOf(name: string, index: number) {
  return {
    TableName: name,
    Key: keyOf(index),
    UpdateExpression: 'SET #status = :status, version = version + :one',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':status': { S: 'delivered' }, ':one': { N: '1' } },
  }
}

function checkOf(name: string, index: number) {
  return { TableName: name, Key: keyOf(index), ConditionExpression: 'attribute_exists(pk)' }
}

/** A BatchWriteItem that puts items `first` and the `count - 1` after it. */
export function batchOf({ name, bytes }: BenchTable, first: number, count: number): object {
  const puts = Array.from({ length: count }, (_, offset) => ({
    PutRequest: { Item: anotherOf(first + offset, bytes) },
  }))
  return { RequestItems: { [name]: puts } }
}
