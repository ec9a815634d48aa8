import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { INVALID_PARAMETER, invalid, makeTable, refusal, sharedTable, startApi } from './api.ts'
import { call } from './http.ts'

const { db, docs, node } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })
const TWO = sharedTable(db, { key: 'pk:S | sk:N' })
const WRAPPED = '1 validation error detected: '

type Item = Record<string, AttributeValue>

/** Writes an item and reads it again. */
async function roundTrip(value: AttributeValue): Promise<AttributeValue | undefined> {
  const pk = { S: crypto.randomUUID() }
  await db.putItem({ TableName: T, Item: { pk, value } })
  return (await db.getItem({ TableName: T, Key: { pk }, ConsistentRead: true })).Item?.value
}

const ALIKE: AttributeValue[] = [
  { S: '' },
  { S: 'Grüße, 世界 🌍 \u0000 \\ " \u2028' },
  { N: '0' },
  { N: '-12.5' },
  { N: '12345678901234567890123456789012345678' },
  { B: new Uint8Array() },
  { B: new Uint8Array([0, 1, 127, 128, 255]) },
  { BOOL: true },
  { BOOL: false },
  { NULL: true },
  { L: [] },
  { M: {} },
  { L: [{ S: 'a' }, { N: '1' }, { L: [{ M: { deep: { NULL: true } } }] }] },
  { M: { 'with.dot': { S: '1' }, 'with blank': { S: '2' }, ÜÖ: { S: '3' }, '#x': { S: '4' } } },
]

for (const value of ALIKE) {
  test(`kept as it is: ${JSON.stringify(value)}`, async t => {
    t.deepEqual(await roundTrip(value), value)
  })
}

test('attributes may have names that JavaScript objects have ideas about', async t => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '$type', 'then', 'length']
  const inner = names.map(name => `"${name}":{"S":"${name}"}`)
  const item = `{"pk":{"S":"names"},${inner.join(',')},"map":{"M":{${inner.join(',')}}}}`
  // As text: neither object literals nor the SDK carry `__proto__`.
  await call(node.endpoint, 'PutItem', `{"TableName":"${T}","Item":${item}}`)
  const got = await call(node.endpoint, 'GetItem', `{"TableName":"${T}","Key":{"pk":{"S":"names"}}}`)
  t.is(got.text, `{"Item":${item}}`)
  const update = `"UpdateExpression":"SET #p = :v, #m.#p = :v","ConditionExpression":"attribute_exists(#p) AND #c = :c",
    "ExpressionAttributeNames":{"#p":"__proto__","#m":"map","#c":"constructor"},
    "ExpressionAttributeValues":{":v":{"S":"new"},":c":{"S":"constructor"}},"ReturnValues":"UPDATED_NEW"`
  const updated = await call(node.endpoint, 'UpdateItem', `{"TableName":"${T}","Key":{"pk":{"S":"names"}},${update}}`)
  t.is(updated.text, '{"Attributes":{"__proto__":{"S":"new"},"map":{"M":{"__proto__":{"S":"new"}}}}}')
})

const NUMBERS: [string, string][] = [
  ['+5', '5'],
  ['5.', '5'],
  ['.5', '0.5'],
  ['-0', '0'],
  ['0.000', '0'],
  ['007', '7'],
  ['1.500', '1.5'],
  ['1e3', '1000'],
  ['1E-3', '0.001'],
  ['-1.25e2', '-125'],
  ['1e125', `1${'0'.repeat(125)}`],
  ['9.9999999999999999999999999999999999999E+125', `${'9'.repeat(38)}${'0'.repeat(88)}`],
  ['1e-130', `0.${'0'.repeat(129)}1`],
  ['-1e-130', `-0.${'0'.repeat(129)}1`],
  ['123456789012345678901234567890.12345678', '123456789012345678901234567890.12345678'],
]
for (const [written, kept] of NUMBERS) {
  test(`the number ${written} is kept normalised`, async t => {
    t.deepEqual(await roundTrip({ N: written }), { N: kept })
  })
}

const OVERFLOW = 'Number overflow. Attempting to store a number with magnitude larger than supported range'
const UNDERFLOW = 'Number underflow. Attempting to store a number with magnitude smaller than supported range'
const NOT_NUMBERS: [string, string][] = [
  ['', 'The parameter cannot be converted to a numeric value'],
  ['abc', 'The parameter cannot be converted to a numeric value: abc'],
  ['0x10', 'The parameter cannot be converted to a numeric value: 0x10'],
  ['NaN', 'The parameter cannot be converted to a numeric value: NaN'],
  [' 1', 'The parameter cannot be converted to a numeric value:  1'],
  ['1e126', OVERFLOW],
  ['-1e126', OVERFLOW],
  ['1e-131', UNDERFLOW],
  [`1${'0'.repeat(37)}1`, 'Attempting to store more than 38 significant digits in a Number'],
]
for (const [written, message] of NOT_NUMBERS) {
  test(`the number "${written.slice(0, 8)}" of length ${written.length} is refused`, async t => {
    t.is(await invalid(roundTrip({ N: written })), message)
  })
}

test('sets keep their members, in any order', async t => {
  const strings = await roundTrip({ SS: ['b', 'a', ''] })
  t.deepEqual(strings?.SS?.sort(), ['', 'a', 'b'])
  const numbers = await roundTrip({ NS: ['3', '1.0', '-2e1'] })
  t.deepEqual(numbers?.NS?.sort(), ['-20', '1', '3'])
  const binary = await roundTrip({ BS: [new Uint8Array([2]), new Uint8Array([1, 2])] })
  t.deepEqual(binary?.BS?.map(bytes => [...bytes].join()).sort(), ['1,2', '2'])
})

const BAD_VALUES: [AttributeValue | object, string][] = [
  [{}, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
  [
    { S: 'a', N: '1' },
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
  ],
  [{ NULL: false }, `${WRAPPED}${INVALID_PARAMETER}Null attribute value types must have the value of true`],
  [{ SS: [] }, `${WRAPPED}${INVALID_PARAMETER}An string set  may not be empty`],
  [{ NS: [] }, `${WRAPPED}${INVALID_PARAMETER}An number set  may not be empty`],
  [{ BS: [] }, `${WRAPPED}${INVALID_PARAMETER}Binary sets should not be empty`],
  [{ SS: ['a', 'a'] }, `${WRAPPED}${INVALID_PARAMETER}Input collection [a, a] contains duplicates.`],
  [{ NS: ['1', '1.0'] }, `${WRAPPED}Input collection contains duplicates`],
  [
    { BS: [new Uint8Array([1]), new Uint8Array([1])] },
    `${WRAPPED}${INVALID_PARAMETER}Input collection [AQ==, AQ==]of type BS contains duplicates.`,
  ],
]
for (const [value, message] of BAD_VALUES) {
  test(`refused as a value: ${JSON.stringify(value)}`, async t => {
    const request = { TableName: T, Item: { pk: { S: 'bad' }, value: value as AttributeValue } }
    // The SDK's types have one member per value; on the wire there may be any.
    t.is(await invalid(db.putItem(request)), message)
  })
}

test('32 levels are as deep as values go', async t => {
  const nested = (levels: number): AttributeValue => (levels === 1 ? { S: 'x' } : { L: [nested(levels - 1)] })
  t.deepEqual(await roundTrip(nested(32)), nested(32))
  t.is(
    await invalid(roundTrip(nested(33))),
    'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
  )
})

const KEYS: [string, Item, string][] = [
  ['lacks', { other: { S: 'a' } }, `${INVALID_PARAMETER}Missing the key pk in the item`],
  ['has the wrong type of', { pk: { N: '1' } }, `${INVALID_PARAMETER}Type mismatch for key pk expected: S actual: N`],
  [
    'has an empty',
    { pk: { S: '' } },
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
  ],
  [
    'has too long a',
    { pk: { S: 'x'.repeat(2049) } },
    `${INVALID_PARAMETER}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
  ],
]
for (const [problem, Item, message] of KEYS) {
  test(`PutItem refuses an item that ${problem} key`, async t => {
    t.is(await invalid(db.putItem({ TableName: T, Item })), message)
  })
}

test('keys of the full length are fine', async t => {
  const TableName = await makeTable(db, { key: 'pk:S | sk:B' })
  const Key = { pk: { S: 'x'.repeat(2048) }, sk: { B: new Uint8Array(1024).fill(7) } }
  await db.putItem({ TableName, Item: { ...Key, a: { N: '1' } } })
  t.deepEqual((await db.getItem({ TableName, Key })).Item, { ...Key, a: { N: '1' } })
  const long = { ...Key, sk: { B: new Uint8Array(1025) } }
  t.is(
    await invalid(db.putItem({ TableName, Item: long })),
    `${INVALID_PARAMETER}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`,
  )
})

const MISMATCH = 'The provided key element does not match the schema'
const WRONG_KEYS: Item[] = [
  { pk: { S: 'a' } },
  { pk: { S: 'a' }, sk: { S: '1' } },
  { pk: { S: 'a' }, sk: { N: '1' }, more: { S: 'x' } },
  { pk: { S: 'a' }, other: { N: '1' } },
]
for (const Key of WRONG_KEYS) {
  test(`the key ${JSON.stringify(Key)} fits no table of hash and number`, async t => {
    t.is(await invalid(db.getItem({ TableName: TWO, Key })), MISMATCH)
    t.is(await invalid(db.deleteItem({ TableName: TWO, Key })), MISMATCH)
    t.is(await invalid(db.updateItem({ TableName: TWO, Key })), MISMATCH)
  })
}

test('numbers are one key however they are written', async t => {
  await docs.put({ TableName: TWO, Item: { pk: 'n', sk: 1000, v: 'first' } })
  await db.putItem({ TableName: TWO, Item: { pk: { S: 'n' }, sk: { N: '1e3' }, v: { S: 'second' } } })
  const { Item } = await db.getItem({ TableName: TWO, Key: { pk: { S: 'n' }, sk: { N: '1000.00' } } })
  t.deepEqual(Item, { pk: { S: 'n' }, sk: { N: '1000' }, v: { S: 'second' } })
})

test('GetItem of nothing has no Item', async t => {
  t.false('Item' in (await db.getItem({ TableName: T, Key: { pk: { S: 'nothing' } } })))
})

test('PutItem replaces the whole item and can return the old one', async t => {
  const old = { pk: 'put', a: 1, b: 2 }
  t.is((await docs.put({ TableName: T, Item: old, ReturnValues: 'ALL_OLD' })).Attributes, undefined)
  const { Attributes } = await docs.put({ TableName: T, Item: { pk: 'put', c: 3 }, ReturnValues: 'ALL_OLD' })
  t.deepEqual(Attributes, old)
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'put' } })).Item, { pk: 'put', c: 3 })
  t.is(
    await invalid(docs.put({ TableName: T, Item: old, ReturnValues: 'ALL_NEW' })),
    `${WRAPPED}ReturnValues can only be ALL_OLD or NONE`,
  )
})

test('DeleteItem deletes, returns the old item, and does not mind if there is none', async t => {
  await docs.put({ TableName: T, Item: { pk: 'delete', a: 1 } })
  const request = { TableName: T, Key: { pk: 'delete' }, ReturnValues: 'ALL_OLD' as const }
  t.deepEqual((await docs.delete(request)).Attributes, { pk: 'delete', a: 1 })
  t.is((await docs.delete(request)).Attributes, undefined)
  t.is((await docs.get({ TableName: T, Key: { pk: 'delete' } })).Item, undefined)
})

test('conditions decide, and what failed is shown on request', async t => {
  const TableName = T
  const Item = { pk: 'condition', version: 1 }
  const absent = { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }
  await docs.put(absent)
  const failed = 'ConditionalCheckFailedException: The conditional request failed'
  t.is(await refusal(docs.put(absent)), failed)
  const error = await t.throwsAsync(docs.put({ ...absent, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))
  t.deepEqual((error as Error & { Item: Item }).Item, { pk: { S: 'condition' }, version: { N: '1' } })
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
  t.is((missing as Error & { Item?: Item }).Item, undefined)
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

test('projections pick attributes, elements and members', async t => {
  const Item = { pk: 'project', a: 1, l: [0, 1, { x: 2, y: 3 }, 4], m: { b: { c: 1, d: 2 }, e: 5 } }
  await docs.put({ TableName: T, Item })
  const project = async (ProjectionExpression: string, ExpressionAttributeNames?: Record<string, string>) =>
    (await docs.get({ TableName: T, Key: { pk: 'project' }, ProjectionExpression, ExpressionAttributeNames })).Item
  t.deepEqual(await project('a, m.b.c'), { a: 1, m: { b: { c: 1 } } })
  t.deepEqual(await project('l[3], l[2].y, l[0]'), { l: [0, { y: 3 }, 4] })
  t.deepEqual(await project('#a', { '#a': 'a' }), { a: 1 })
  t.deepEqual(await project('nothing, m.nothing'), {})
  t.is(
    await invalid(project('m, m.b')),
    'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, b]',
  )
  t.is(
    await invalid(project('year')),
    'Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: year',
  )
})

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
