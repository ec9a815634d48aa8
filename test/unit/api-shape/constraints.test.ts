/** Violations of the model's limits: facts, section 1.6. */
import test from 'ava'
import * as common from '../../../server/api/shape/common.ts'
import { decode } from '../../../server/api/shape/decode.ts'
import {
  blob,
  integer,
  list,
  map,
  required,
  type Structure,
  string,
  structure,
} from '../../../server/api/shape/shape.ts'
import { DynamoError } from '../../../server/model/errors.ts'

const putItem = structure(
  {
    TableName: required(common.tableName),
    Item: required(common.item),
    Expected: common.expected,
    ReturnValues: common.returnValues,
    ReturnConsumedCapacity: common.returnConsumedCapacity,
    ReturnItemCollectionMetrics: common.returnItemCollectionMetrics,
    ConditionalOperator: common.conditionalOperator,
  },
  {
    order: ['ReturnConsumedCapacity', 'TableName', 'Item', 'ConditionalOperator', 'Expected', 'ReturnValues'],
    alone: 'TableName',
  },
)

const getItem = structure({
  TableName: required(common.tableName),
  Key: required(common.key),
  AttributesToGet: common.attributesToGet,
})

const query = structure({
  Select: common.select,
  Limit: integer({ min: 1, terse: true }),
  KeyConditions: common.conditions,
})
const scan = structure({ Limit: integer({ min: 1 }), TotalSegments: integer({ min: 1, max: 1_000_000 }) })

const createTable = structure(
  {
    TableName: required(common.newTableName, common.MISSING_TABLE_NAME),
    AttributeDefinitions: common.attributeDefinitions,
    KeySchema: common.keySchema,
    GlobalSecondaryIndexes: common.globalSecondaryIndexes,
    LocalSecondaryIndexes: common.localSecondaryIndexes,
    BillingMode: common.billingMode,
    ProvisionedThroughput: common.provisionedThroughput,
    TableClass: common.tableClass,
    Tags: common.tags,
  },
  { order: ['AttributeDefinitions', 'TableName', 'BillingMode', 'ProvisionedThroughput', 'KeySchema'] },
)

const batchWrite = structure({
  RequestItems: required(
    map(
      list(
        structure(
          {
            PutRequest: structure({ Item: required(common.item) }, { name: 'PutRequest' }),
            DeleteRequest: structure({ Key: required(common.key) }, { name: 'DeleteRequest' }),
          },
          { name: 'WriteRequest' },
        ),
        { min: 1, max: 25 },
      ),
      { min: 1, max: 25, keys: common.tableName },
    ),
  ),
})

const batchGet = structure({
  RequestItems: required(
    map(
      structure(
        { Keys: required(list(common.key, { min: 1, max: 100 })), AttributesToGet: common.attributesToGet },
        { name: 'KeysAndAttributes' },
      ),
      { min: 1, max: 100 },
    ),
  ),
})

function refusal(shape: Structure, input: object): string {
  try {
    decode(shape, structuredClone(input) as never)
  } catch (error) {
    if (error instanceof DynamoError && error.code === 'ValidationException') return error.message
    throw error
  }
  return 'accepted'
}

const NAME = 'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+'
const at = (value: string, path: string, constraint: string) =>
  `Value ${value} at '${path}' failed to satisfy constraint: ${constraint}`
const single = (value: string, path: string, constraint: string) =>
  `1 validation error detected: ${at(value, path, constraint)}`
const NOT_NULL = 'Member must not be null'

test('missing members', t => {
  t.is(
    refusal(putItem, {}),
    `2 validation errors detected: ${at('null', 'tableName', NOT_NULL)}; ${at('null', 'item', NOT_NULL)}`,
  )
  t.is(refusal(putItem, { Item: {} }), single('null', 'tableName', NOT_NULL))
  t.is(refusal(createTable, {}), "The parameter 'TableName' is required but was not present in the request")
  t.is(refusal(putItem, { TableName: 'T', Item: {}, Expected: { a: {} } }), 'accepted')
  t.is(
    refusal(query, { KeyConditions: { 'a.b': {} } }),
    single('null', 'keyConditions.a.b.member.comparisonOperator', NOT_NULL),
  )
})

test('table names', t => {
  const name = (TableName: string) => refusal(getItem, { TableName, Key: {} })
  t.is(name('a'), 'accepted')
  t.is(name(''), single("''", 'tableName', 'Member must have length greater than or equal to 1'))
  t.is(name('bad table!@#'), single("'bad table!@#'", 'tableName', NAME))
  const long = 'a'.repeat(1025)
  t.is(name(long), single(`'${long}'`, 'tableName', 'Member must have length less than or equal to 1024'))
  t.is(name('arn:aws:dynamodb:us-east-1:000000000000:table/T'), 'accepted')
  t.is(
    refusal(createTable, { TableName: 'a!' }),
    `2 validation errors detected: ${at("'a!'", 'tableName', NAME)}; ` +
      at("'a!'", 'tableName', 'Member must have length greater than or equal to 3'),
  )
  const tooLong = `${'a'.repeat(255)}!`
  t.is(
    refusal(createTable, { TableName: tooLong }),
    `2 validation errors detected: ${at(`'${tooLong}'`, 'tableName', NAME)}; ` +
      at(`'${tooLong}'`, 'tableName', 'Member must have length less than or equal to 255'),
  )
})

test('an invalid table name is reported alone where the shape says so', t => {
  t.is(refusal(putItem, { TableName: '!', Item: {}, ReturnValues: 'X' }), single("'!'", 'tableName', NAME))
  t.is(refusal(putItem, { TableName: '!' }), single("'!'", 'tableName', NAME))
  t.regex(refusal(getItem, { TableName: '!' }), /^2 validation errors detected: .*tableName.*; .*'key'/)
})

test('enumerations print their fixed order, members come in the declared order', t => {
  t.is(
    refusal(putItem, {
      ReturnItemCollectionMetrics: 'hi',
      ReturnValues: 'hi',
      ConditionalOperator: 'hi',
      ReturnConsumedCapacity: 'hi',
      Expected: { a: { ComparisonOperator: 'hi' } },
      Item: {},
      TableName: 'T',
    }),
    `5 validation errors detected: ${[
      at("'hi'", 'returnConsumedCapacity', 'Member must satisfy enum value set: [INDEXES, TOTAL, NONE]'),
      at("'hi'", 'conditionalOperator', 'Member must satisfy enum value set: [OR, AND]'),
      at(
        "'hi'",
        'expected.a.member.comparisonOperator',
        'Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]',
      ),
      at(
        "'hi'",
        'returnValues',
        'Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]',
      ),
      at("'hi'", 'returnItemCollectionMetrics', 'Member must satisfy enum value set: [SIZE, NONE]'),
    ].join('; ')}`,
  )
  t.is(
    refusal(query, { Select: 'INVALID_VALUE' }),
    single(
      "'INVALID_VALUE'",
      'select',
      'Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]',
    ),
  )
  t.is(
    refusal(createTable, { TableName: 'TTT', TableClass: 'GOLD' }),
    'Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].',
  )
})

test('numbers', t => {
  t.is(refusal(scan, { Limit: 0 }), single("'0'", 'limit', 'Member must have value greater than or equal to 1'))
  t.is(
    refusal(scan, { TotalSegments: 1_000_001 }),
    single("'1000001'", 'totalSegments', 'Member must have value less than or equal to 1000000'),
  )
  t.is(
    refusal(query, { Limit: 0 }),
    "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  )
})

test('structures inside lists, and their dumps', t => {
  t.is(
    refusal(createTable, { TableName: 'TTT', KeySchema: [{ AttributeName: 'a', KeyType: 'INVALID' }] }),
    single("'INVALID'", 'keySchema.1.member.keyType', 'Member must satisfy enum value set: [HASH, RANGE]'),
  )
  const element = { AttributeName: 'a', KeyType: 'HASH' }
  t.is(
    refusal(createTable, { TableName: 'TTT', KeySchema: [element, element, element] }),
    single(
      `'[${Array(3).fill('KeySchemaElement(attributeName=a, keyType=HASH)').join(', ')}]'`,
      'keySchema',
      'Member must have length less than or equal to 2',
    ),
  )
  t.is(
    refusal(createTable, { TableName: 'TTT', KeySchema: [] }),
    single("'[]'", 'keySchema', 'Member must have length greater than or equal to 1'),
  )
  t.is(
    refusal(createTable, { TableName: 'TTT', AttributeDefinitions: [{}, { AttributeName: '', AttributeType: 'S' }] }),
    `3 validation errors detected: ${[
      at('null', 'attributeDefinitions.1.member.attributeName', NOT_NULL),
      at('null', 'attributeDefinitions.1.member.attributeType', NOT_NULL),
      at("''", 'attributeDefinitions.2.member.attributeName', 'Member must have length greater than or equal to 1'),
    ].join('; ')}`,
  )
  t.is(
    refusal(createTable, { TableName: 'TTT', KeySchema: [element, element, {}] }).split('; ')[0],
    `3 validation errors detected: ${at(
      "'[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=null, keyType=null)]'",
      'keySchema',
      'Member must have length less than or equal to 2',
    )}`,
  )
})

test('limits of the elements of a collection are reported with the collection', t => {
  const index = (NonKeyAttributes: string[]) => ({
    TableName: 'TTT',
    LocalSecondaryIndexes: [
      { IndexName: 'III', KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }], Projection: { NonKeyAttributes } },
    ],
  })
  t.is(
    refusal(createTable, index(['a', ''])),
    single(
      "'[a, ]'",
      'localSecondaryIndexes.1.member.projection.nonKeyAttributes',
      'Member must satisfy constraint: [Member must have length less than or equal to 255, Member must have length greater than or equal to 1]',
    ),
  )
  t.is(
    refusal(createTable, index([])),
    single(
      "'[]'",
      'localSecondaryIndexes.1.member.projection.nonKeyAttributes',
      'Member must have length greater than or equal to 1',
    ),
  )
  const name = 'x'.repeat(65_536)
  t.is(
    refusal(getItem, { TableName: 'T', Key: { [name]: { S: '' } } }).slice(-105),
    "at 'key' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 65535]".slice(
      -105,
    ),
  )
  t.is(
    refusal(batchWrite, { RequestItems: { 'a!': [{}] } }),
    single(
      "'{a!=[WriteRequest(putRequest=null, deleteRequest=null)]}'",
      'requestItems',
      `Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, ${NAME}]`,
    ),
  )
})

test('batches', t => {
  const LENGTHS =
    'Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]'
  const put = { PutRequest: { Item: { pk: { S: 'v' } } } }
  const dumped =
    'WriteRequest(putRequest=PutRequest(item={pk=AttributeValue(s=v, n=null, b=null, sS=null, nS=null, bS=null, m=null, l=null, nULL=null, bOOL=null)}), deleteRequest=null)'
  t.is(
    refusal(batchWrite, { RequestItems: { T: Array(26).fill(put) } }),
    single(`'{T=[${Array(26).fill(dumped).join(', ')}]}'`, 'requestItems', LENGTHS),
  )
  t.is(refusal(batchWrite, { RequestItems: { T: [] } }), single("'{T=[]}'", 'requestItems', LENGTHS))
  t.is(
    refusal(batchWrite, { RequestItems: {} }),
    single("'{}'", 'requestItems', 'Member must have length greater than or equal to 1'),
  )
  t.is(
    refusal(batchWrite, { RequestItems: { T: [{ PutRequest: {} }] } }),
    single('null', 'requestItems.T.member.1.member.putRequest.item', NOT_NULL),
  )
  const keys = refusal(batchGet, { RequestItems: { T: { Keys: Array(101).fill({ pk: { B: 'AAAA' } }) } } })
  t.true(
    keys.startsWith(
      "1 validation error detected: Value '[{pk=AttributeValue(s=null, n=null, b=java.nio.HeapByteBuffer[pos=0 lim=3 cap=3], ",
    ),
  )
  t.true(
    keys.endsWith(
      "]' at 'requestItems.T.member.keys' failed to satisfy constraint: Member must have length less than or equal to 100",
    ),
  )
  t.is(refusal(batchGet, { RequestItems: { T: {} } }), single('null', 'requestItems.T.member.keys', NOT_NULL))
})

test('no more than ten violations are listed', t => {
  const message = refusal(createTable, { TableName: 'TTT', AttributeDefinitions: Array(20).fill({}) })
  t.true(message.startsWith('10 validation errors detected: '))
  t.is(message.split('; ').length, 10)
})

test('a null in a list is a violation', t => {
  t.is(
    refusal(getItem, { TableName: 'T', Key: {}, AttributesToGet: ['a', null] }),
    single('null', 'attributesToGet.2.member', NOT_NULL),
  )
})

test('blobs are measured in bytes', t => {
  const shape = structure({ Bytes: blob({ min: 2, max: 3 }) })
  t.is(refusal(shape, { Bytes: 'AAAA' }), 'accepted')
  t.is(
    refusal(shape, { Bytes: 'AA==' }),
    single(
      "'java.nio.HeapByteBuffer[pos=0 lim=1 cap=1]'",
      'bytes',
      'Member must have length greater than or equal to 2',
    ),
  )
})

test('enormous values are cut short in texts', t => {
  const shape = structure({ A: string({ max: 3 }), L: list(string(), { max: 1 }) })
  t.true(refusal(shape, { A: 'x'.repeat(5_000_000) }).length < 1_001_000)
  t.true(refusal(shape, { L: Array(1_000_000).fill('xxxxx') }).length < 1_001_000)
})

test('a map with very many members is cut short, and all of it is checked', t => {
  const shape = structure({ M: map(string({ max: 3 })) })
  const members = (last: string) =>
    Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`name${i}`, i < 99_999 ? 'x' : last]))
  t.is(refusal(shape, { M: members('xxx') }), 'accepted')
  const text = refusal(shape, { M: members('xxxx') })
  t.true(text.startsWith("1 validation error detected: Value '{name0=x, name1=x, name2=x, "))
  t.true(
    text.endsWith(
      "...' at 'm' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 3]",
    ),
  )
  t.true(text.length < 1_001_000)
})
