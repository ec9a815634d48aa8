import type { AttributeValue, Condition, ExpectedAttributeValue } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { INVALID_PARAMETER, indexed, invalid, refusal, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const TableName = sharedTable(db, { key: 'pk:S | sk:N', global: { byG: { key: 'g:S' } } })

type Item = Record<string, AttributeValue>
const FAILED = 'ConditionalCheckFailedException: The conditional request failed'
const key = (pk: string, sk = 1) => ({ pk: { S: pk }, sk: { N: `${sk}` } })
const list = (...values: AttributeValue[]) => values
const N = (n: number): AttributeValue => ({ N: `${n}` })
const S = (text: string): AttributeValue => ({ S: text })

const ITEM: Item = { n: N(5), s: S('hello'), tags: { SS: ['a', 'b'] }, l: { L: [N(1), S('x')] }, nil: { NULL: true } }

type Check = [expected: Record<string, ExpectedAttributeValue>, holds: boolean, operator?: 'AND' | 'OR']
const CHECKS: Check[] = [
  [{ n: { Value: N(5) } }, true],
  [{ n: { Value: N(6) } }, false],
  [{ n: { Exists: true, Value: N(5) } }, true],
  [{ none: { Exists: false } }, true],
  [{ n: { Exists: false } }, false],
  [{ n: { ComparisonOperator: 'EQ', AttributeValueList: [N(5)] } }, true],
  [{ n: { ComparisonOperator: 'NE', AttributeValueList: [N(5)] } }, false],
  [{ n: { ComparisonOperator: 'LT', AttributeValueList: [N(6)] } }, true],
  [{ n: { ComparisonOperator: 'LE', AttributeValueList: [N(5)] } }, true],
  [{ n: { ComparisonOperator: 'GT', AttributeValueList: [N(5)] } }, false],
  [{ n: { ComparisonOperator: 'GE', AttributeValueList: [N(5)] } }, true],
  [{ n: { ComparisonOperator: 'BETWEEN', AttributeValueList: [N(1), N(5)] } }, true],
  [{ n: { ComparisonOperator: 'IN', AttributeValueList: [N(1), N(5)] } }, true],
  [{ s: { ComparisonOperator: 'BEGINS_WITH', AttributeValueList: [S('he')] } }, true],
  [{ s: { ComparisonOperator: 'CONTAINS', AttributeValueList: [S('ell')] } }, true],
  [{ tags: { ComparisonOperator: 'CONTAINS', AttributeValueList: [S('b')] } }, true],
  [{ tags: { ComparisonOperator: 'NOT_CONTAINS', AttributeValueList: [S('b')] } }, false],
  [{ l: { ComparisonOperator: 'CONTAINS', AttributeValueList: [S('x')] } }, true],
  [{ none: { ComparisonOperator: 'NULL' } }, true],
  [{ n: { ComparisonOperator: 'NULL' } }, false],
  [{ nil: { ComparisonOperator: 'NOT_NULL' } }, true],
  [{ n: { Value: N(5) }, s: { Value: S('other') } }, false],
  [{ n: { Value: N(5) }, s: { Value: S('other') } }, true, 'OR'],
  [{ n: { Value: N(5) }, s: { Value: S('hello') } }, true, 'AND'],
]
for (const [i, [Expected, holds, ConditionalOperator]] of CHECKS.entries()) {
  test(`Expected ${ConditionalOperator ?? ''} ${JSON.stringify(Expected)} is ${holds}`, async t => {
    const Item = { ...key(`check-${i}`), ...ITEM }
    await db.putItem({ TableName, Item })
    const answer = holds ? 'done' : FAILED
    t.is(await refusal(db.putItem({ TableName, Item, Expected, ConditionalOperator })), answer)
    const Key = key(`check-${i}`)
    t.is(await refusal(db.updateItem({ TableName, Key, Expected, ConditionalOperator })), answer)
    t.is(await refusal(db.deleteItem({ TableName, Key, Expected, ConditionalOperator })), answer)
  })
}

test('AttributeUpdates put, add and delete', async t => {
  const Key = key('updates')
  await db.putItem({ TableName, Item: { ...Key, ...ITEM } })
  const { Attributes } = await db.updateItem({
    TableName,
    Key,
    AttributeUpdates: {
      s: { Action: 'PUT', Value: S('bye') },
      fresh: { Value: N(1) },
      n: { Action: 'ADD', Value: N(-2) },
      tags: { Action: 'DELETE', Value: { SS: ['a', 'z'] } },
      more: { Action: 'ADD', Value: { NS: ['1'] } },
      l: { Action: 'ADD', Value: { L: [N(2)] } },
      nil: { Action: 'DELETE' },
    },
    ReturnValues: 'ALL_NEW',
  })
  t.deepEqual(Attributes, {
    ...Key,
    s: S('bye'),
    fresh: N(1),
    n: N(3),
    tags: { SS: ['b'] },
    more: { NS: ['1'] },
    l: { L: [N(1), S('x'), N(2)] },
  })
})

test('AttributeUpdates that only delete make no item', async t => {
  const Key = key('never')
  await db.updateItem({ TableName, Key, AttributeUpdates: { a: { Action: 'DELETE' } } })
  t.is((await db.getItem({ TableName, Key })).Item, undefined)
})

test('AttributesToGet', async t => {
  const Key = key('get')
  await db.putItem({ TableName, Item: { ...Key, ...ITEM } })
  const { Item } = await db.getItem({ TableName, Key, AttributesToGet: ['n', 'none'] })
  t.deepEqual(Item, { n: N(5) })
  t.is(
    await invalid(db.getItem({ TableName, Key, AttributesToGet: ['n', 'n'] })),
    `${INVALID_PARAMETER}Duplicate value in attribute name: n`,
  )
  t.is(
    await invalid(db.getItem({ TableName, Key, AttributesToGet: ['n'], ProjectionExpression: 'n' })),
    'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}',
  )
})

const hash: Condition = { ComparisonOperator: 'EQ', AttributeValueList: [S('query')] }
const QUERIES: [Condition | undefined, number[]][] = [
  [undefined, [1, 2, 3, 4, 5]],
  [{ ComparisonOperator: 'EQ', AttributeValueList: [N(2)] }, [2]],
  [{ ComparisonOperator: 'LT', AttributeValueList: [N(2)] }, [1]],
  [{ ComparisonOperator: 'LE', AttributeValueList: [N(2)] }, [1, 2]],
  [{ ComparisonOperator: 'GT', AttributeValueList: [N(4)] }, [5]],
  [{ ComparisonOperator: 'GE', AttributeValueList: [N(4)] }, [4, 5]],
  [{ ComparisonOperator: 'BETWEEN', AttributeValueList: [N(2), N(4)] }, [2, 3, 4]],
]
test.serial('KeyConditions, QueryFilter and ScanFilter', async t => {
  for (const sk of [1, 2, 3, 4, 5])
    await db.putItem({ TableName, Item: { ...key('query', sk), odd: { BOOL: sk % 2 === 1 }, g: S('legacy') } })
  const keysOf = (items: Item[] | undefined) => items!.map(item => Number(item.sk!.N))
  for (const [sk, expected] of QUERIES) {
    const KeyConditions: Record<string, Condition> = sk ? { pk: hash, sk } : { pk: hash }
    t.deepEqual(keysOf((await db.query({ TableName, KeyConditions })).Items), expected)
  }
  const odd: Condition = { ComparisonOperator: 'EQ', AttributeValueList: [{ BOOL: true }] }
  const filtered = await db.query({ TableName, KeyConditions: { pk: hash }, QueryFilter: { odd } })
  t.deepEqual(keysOf(filtered.Items), [1, 3, 5])
  t.is(filtered.ScannedCount, 5)
  const legacy: Condition = { ComparisonOperator: 'EQ', AttributeValueList: [S('legacy')] }
  const scanned = await db.scan({ TableName, ScanFilter: { odd, g: legacy }, AttributesToGet: ['sk'] })
  t.deepEqual(keysOf(scanned.Items).sort(), [1, 3, 5])
  const either = await db.scan({
    TableName,
    ScanFilter: { pk: hash, sk: { ComparisonOperator: 'IN', AttributeValueList: [N(2), N(4)] } },
    ConditionalOperator: 'AND',
  })
  t.deepEqual(keysOf(either.Items).sort(), [2, 4])
  await indexed(docs, TableName, 'byG', 5)
  const index = await db.query({ TableName, IndexName: 'byG', KeyConditions: { g: legacy } })
  t.is(index.Count, 5)
})

type Refused = [problem: string, request: () => Promise<unknown>, message: string]
const put = (Expected: Record<string, ExpectedAttributeValue>, ConditionalOperator?: 'AND' | 'OR') => () =>
  db.putItem({ TableName, Item: key('refused'), Expected, ConditionalOperator })
const update = (action: 'ADD' | 'PUT' | 'DELETE', Value?: AttributeValue) => () =>
  db.updateItem({ TableName, Key: key('refused'), AttributeUpdates: { a: { Action: action, Value } } })
const query = (KeyConditions: Record<string, Condition>) => () => db.query({ TableName, KeyConditions })

const REFUSED: Refused[] = [
  [
    'Value with a list',
    put({ a: { Value: N(1), ComparisonOperator: 'EQ', AttributeValueList: list(N(1)) } }),
    `${INVALID_PARAMETER}Value and AttributeValueList cannot be used together for Attribute: a`,
  ],
  [
    'Exists with an operator',
    put({ a: { Exists: true, ComparisonOperator: 'NULL' } }),
    `${INVALID_PARAMETER}Exists and ComparisonOperator cannot be used together for Attribute: a`,
  ],
  [
    'an operator without values',
    put({ a: { ComparisonOperator: 'EQ' } }),
    `${INVALID_PARAMETER}Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a`,
  ],
  [
    'too many values',
    put({ a: { ComparisonOperator: 'EQ', AttributeValueList: list(N(1), N(2)) } }),
    `${INVALID_PARAMETER}Invalid number of argument(s) for the EQ ComparisonOperator`,
  ],
  [
    'nothing expected',
    put({ a: { Exists: true } }),
    `${INVALID_PARAMETER}Value must be provided when Exists is true for Attribute: a`,
  ],
  [
    'a value of what should not be there',
    put({ a: { Exists: false, Value: N(1) } }),
    `${INVALID_PARAMETER}Value cannot be used when Exists is false for Attribute: a`,
  ],
  [
    'AND of nothing',
    () => db.putItem({ TableName, Item: key('refused'), ConditionalOperator: 'AND' }),
    'ConditionalOperator cannot be used without Filter or Expected',
  ],
  [
    'PUT of nothing',
    update('PUT'),
    `${INVALID_PARAMETER}Only DELETE action is allowed when no attribute value is specified`,
  ],
  [
    'DELETE of a string',
    update('DELETE', S('a')),
    `${INVALID_PARAMETER}DELETE action with value is not supported for the type S`,
  ],
  ['ADD of a string', update('ADD', S('a')), `${INVALID_PARAMETER}ADD action is not supported for the type S`],
  [
    'a key condition that is no range',
    query({ pk: hash, sk: { ComparisonOperator: 'NE', AttributeValueList: list(N(1)) } }),
    'Attempted conditional constraint is not an indexable operation',
  ],
  [
    'no hash key',
    query({ sk: { ComparisonOperator: 'EQ', AttributeValueList: list(N(1)) } }),
    'Query condition missed key schema element: pk',
  ],
  [
    'a range of hash keys',
    query({ pk: { ComparisonOperator: 'GT', AttributeValueList: list(S('a')) } }),
    'Query key condition not supported',
  ],
]
for (const [problem, request, message] of REFUSED) {
  test(`refused: ${problem}`, async t => {
    t.is(await invalid(request()), message)
  })
}

test('ADD to what is no number', async t => {
  const Key = key('mismatch')
  await db.putItem({ TableName, Item: { ...Key, a: S('text') } })
  const add = db.updateItem({ TableName, Key, AttributeUpdates: { a: { Action: 'ADD', Value: N(1) } } })
  t.is(await invalid(add), 'Type mismatch for attribute to update')
})
