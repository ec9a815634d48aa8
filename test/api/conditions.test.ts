import test from 'ava'
import { invalid, refusal, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })
const WRAPPED = '1 validation error detected: '

test('conditions decide, and what failed is shown on request', async t => {
  const TableName = T
  const Item = { pk: 'condition', version: 1 }
  const absent = { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }
  await docs.put(absent)
  const failed = 'ConditionalCheckFailedException: The conditional request failed'
  t.is(await refusal(docs.put(absent)), failed)
  const error = await t.throwsAsync(docs.put({ ...absent, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))
  t.deepEqual((error as Error & { Item: object }).Item, { pk: { S: 'condition' }, version: { N: '1' } })
  const versioned = (version: number) =>
    docs.update({
      TableName,
      Key: { pk: 'condition' },
      UpdateExpression: 'SET version = version + :one',
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: { ':one': 1, ':version': version },
      ReturnValues: 'ALL_NEW',
    })
  t.is(await refusal(versioned(2)), failed)
  t.deepEqual((await versioned(1)).Attributes, { pk: 'condition', version: 2 })
  const remove = { TableName, Key: { pk: 'condition' }, ConditionExpression: 'version > :v' }
  t.is(await refusal(docs.delete({ ...remove, ExpressionAttributeValues: { ':v': 2 } })), failed)
  await docs.delete({ ...remove, ExpressionAttributeValues: { ':v': 1 } })
  const missing = await t.throwsAsync(
    docs.delete({ ...remove, ExpressionAttributeValues: { ':v': 1 }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
  )
  t.is((missing as Error & { Item?: object }).Item, undefined)
})

const CONDITIONS: [string, boolean][] = [
  ['attribute_exists(a) AND attribute_not_exists(nope)', true],
  ['attribute_exists(m.two) AND NOT attribute_exists(m.nope)', true],
  ['attribute_type(a, :S)', false],
  ['attribute_type(s, :S)', true],
  ['begins_with(s, :He)', true],
  ['contains(s, :ll)', true],
  ['contains(l, :one)', true],
  ['contains(tags, :x)', true],
  ['contains(tags, :He)', false],
  ['size(s) = :five', true],
  ['size(l) < :one', false],
  ['a BETWEEN :one AND :five', true],
  ['a IN (:one, :three)', true],
  ['a IN (:one, :five)', false],
  ['a = :three OR nope = :three AND s = :He', true],
  ['NOT a = :three', false],
  ['a <> :S', true],
  ['nope <> :S', true],
  ['nope = :S', false],
  ['l[1].deep = :three', true],
  ['m = :map', true],
  ['#t = :tags', true],
  ['a < :five', true],
  ['s > :He', true],
]
const VALUES: Record<string, unknown> = {
  ':S': 'S',
  ':He': 'He',
  ':ll': 'll',
  ':one': 1,
  ':three': 3,
  ':five': 5,
  ':x': 'x',
  ':map': { inner: 'i', two: 2 },
  ':tags': new Set(['y', 'x']),
}
for (const [ConditionExpression, holds] of CONDITIONS) {
  test(`the condition ${ConditionExpression} is ${holds}`, async t => {
    const pk = ConditionExpression
    const Item = {
      pk,
      a: 3,
      s: 'Hello',
      l: [1, { deep: 3 }],
      m: { two: 2, inner: 'i' },
      tags: new Set(['x', 'y']),
    }
    await docs.put({ TableName: T, Item })
    const used = Object.entries(VALUES).filter(([name]) => new RegExp(`${name}\\b`).test(ConditionExpression))
    const answer = await refusal(
      docs.delete({
        TableName: T,
        Key: { pk },
        ConditionExpression,
        ExpressionAttributeNames: ConditionExpression.includes('#t') ? { '#t': 'tags' } : undefined,
        ExpressionAttributeValues: used.length > 0 ? Object.fromEntries(used) : undefined,
      }),
    )
    t.is(answer, holds ? 'done' : 'ConditionalCheckFailedException: The conditional request failed')
  })
}

const EXPRESSION_ERRORS: [string, Record<string, unknown>, string][] = [
  ['', {}, 'Invalid ConditionExpression: The expression can not be empty;'],
  ['a =', {}, 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'],
  [
    'a = :v',
    {},
    'Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :v',
  ],
  [
    '#a = :v',
    { ':v': 1 },
    'Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #a',
  ],
  ['nope(a)', {}, 'Invalid ConditionExpression: Invalid function name; function: nope'],
  ['((a = :v))', { ':v': 1 }, 'Invalid ConditionExpression: The expression has redundant parentheses;'],
  [
    'begins_with(a, :v)',
    { ':v': 1 },
    'Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N',
  ],
  [
    'attribute_exists(a, b)',
    {},
    'Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2',
  ],
  [
    'a = a',
    {},
    'Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]',
  ],
  [
    'a BETWEEN :hi AND :lo',
    { ':hi': 2, ':lo': 1 },
    'Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}',
  ],
  ['attribute_exists(a)', { ':v': 1 }, 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}'],
  [
    'name = :v',
    { ':v': 1 },
    'Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name',
  ],
  ['x = :v', { v: 1 }, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'],
]
for (const [ConditionExpression, values, message] of EXPRESSION_ERRORS) {
  test(`DeleteItem says what is wrong with the condition "${ConditionExpression}" (${Object.keys(values)})`, async t => {
    const ExpressionAttributeValues = Object.keys(values).length > 0 ? values : undefined
    const request = { TableName: T, Key: { pk: 'x' }, ConditionExpression, ExpressionAttributeValues }
    t.is(await invalid(docs.delete(request)), message)
    // PutItem dresses the same as a violated constraint.
    const put = { TableName: T, Item: { pk: 'x' }, ConditionExpression, ExpressionAttributeValues }
    t.is(await invalid(docs.put(put)), WRAPPED + message)
  })
}

test('names and values want an expression', async t => {
  const request = { TableName: T, Key: { pk: 'x' } }
  t.is(
    await invalid(docs.get({ ...request, ExpressionAttributeNames: { '#a': 'a' } })),
    'ExpressionAttributeNames can only be specified when using expressions',
  )
  t.is(
    await invalid(docs.delete({ ...request, ExpressionAttributeValues: { ':a': 'a' } })),
    'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null',
  )
  t.is(
    await invalid(docs.get({ ...request, ProjectionExpression: 'a', ExpressionAttributeNames: {} })),
    'ExpressionAttributeNames must not be empty',
  )
})
