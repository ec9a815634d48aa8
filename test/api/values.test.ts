import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { INVALID_PARAMETER, invalid, sharedTable, startApi } from './api.ts'
import { call } from './http.ts'

const { db, node } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })
const WRAPPED = '1 validation error detected: '

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
