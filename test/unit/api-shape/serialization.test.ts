/** Texts for JSON of a wrong type, row by row of facts, section 1.5. */
import test from 'ava'
import {
  attributesToGet,
  expected,
  expressionNames,
  item,
  keySchema,
  projection,
} from '../../../server/api/shape/common.ts'
import { decode } from '../../../server/api/shape/decode.ts'
import {
  attributeValue,
  blob,
  boolean,
  double,
  integer,
  list,
  long,
  map,
  required,
  string,
  structure,
  timestamp,
} from '../../../server/api/shape/shape.ts'
import { DynamoError } from '../../../server/model/errors.ts'

const writeRequest = structure({ Item: required(item) }, { name: 'WriteRequest' })
const shape = structure({
  Text: string(),
  Flag: boolean(),
  Count: integer(),
  Size: long(),
  Ratio: double(),
  When: timestamp(),
  Bytes: blob(),
  Item: item,
  Value: attributeValue,
  Projection: projection,
  KeySchema: keySchema,
  Expected: expected,
  AttributesToGet: attributesToGet,
  Names: expressionNames,
  Writes: map(list(writeRequest)),
  Keys: list(item),
})

const START = 'Start of structure or map found where not expected'
const VALUE = 'com.amazonaws.dynamodb.v20120810.AttributeValue'
const NOT_A_CLASS =
  /^class sun\.reflect\.generics\.reflectiveObjects\.ParameterizedTypeImpl cannot be cast to class java\.lang\.Class/

const ROWS: [input: object, message: string | RegExp][] = [
  [{ Text: 1 }, 'NUMBER_VALUE cannot be converted to String'],
  [{ Text: 1.5 }, 'DECIMAL_VALUE cannot be converted to String'],
  [{ Text: true }, 'TRUE_VALUE cannot be converted to String'],
  [{ Text: false }, 'FALSE_VALUE cannot be converted to String'],
  [{ Flag: 1 }, 'NUMBER_VALUE cannot be converted to Boolean'],
  [{ Count: 'x' }, 'STRING_VALUE cannot be converted to Integer'],
  [{ Count: true }, 'TRUE_VALUE cannot be converted to Integer'],
  [{ Size: '1' }, 'STRING_VALUE cannot be converted to Long'],
  [{ Ratio: '1' }, 'STRING_VALUE cannot be converted to Double'],
  [{ Flag: 'maybe' }, 'Unexpected token received from parser'],
  [{ Flag: '' }, 'Unexpected token received from parser'],
  [{ Text: [] }, 'Unrecognized collection type class java.lang.String'],
  [{ Flag: [] }, 'Unrecognized collection type class java.lang.Boolean'],
  [{ Count: [1] }, 'Unrecognized collection type class java.lang.Integer'],
  [{ Size: [] }, 'Unrecognized collection type class java.lang.Long'],
  [{ Bytes: [] }, 'Unrecognized collection type class java.nio.ByteBuffer'],
  [{ Text: {} }, START],
  [{ Flag: {} }, START],
  [{ Count: {} }, START],
  [{ Bytes: {} }, START],
  [{ KeySchema: {} }, START],
  [{ AttributesToGet: {} }, START],
  [{ KeySchema: 'x' }, 'Unexpected field type'],
  [{ Names: 1 }, 'Unexpected field type'],
  [{ Projection: true }, 'Unexpected field type'],
  [{ Item: 'x' }, 'Unexpected field type'],
  [{ Value: 'x' }, 'Unexpected field type'],
  [{ KeySchema: ['x'] }, 'Unexpected value type in payload'],
  [{ Expected: { a: 1 } }, 'Unexpected value type in payload'],
  [{ Item: { a: 'x' } }, 'Unexpected value type in payload'],
  [{ Projection: [] }, 'Unrecognized collection type class com.amazonaws.dynamodb.v20120810.Projection'],
  [{ KeySchema: [[]] }, 'Unrecognized collection type class com.amazonaws.dynamodb.v20120810.KeySchemaElement'],
  [{ Value: [] }, `Unrecognized collection type class ${VALUE}`],
  [{ Item: { a: [] } }, `Unrecognized collection type class ${VALUE}`],
  [{ Item: [] }, `Unrecognized collection type java.util.Map<java.lang.String, ${VALUE}>`],
  [
    { Expected: [] },
    'Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.ExpectedAttributeValue>',
  ],
  [{ Names: [] }, 'Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>'],
  [{ Bytes: 1 }, 'only base-64-encoded strings are convertible to bytes'],
  [{ Bytes: true }, 'only base-64-encoded strings are convertible to bytes'],
  [{ Bytes: 'abc' }, 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
  [{ Bytes: 'AB==' }, 'Invalid last non-pad Base64 character dectected'],
  [{ Bytes: 'AAB=' }, 'Invalid last non-pad Base64 character dectected'],
  [{ Bytes: 'A?==' }, "Invalid Base64 character: '?'"],
  [{ Bytes: 'A=AA' }, "Invalid Base64 character: '='"],
  [{ Writes: { T: {} } }, NOT_A_CLASS],
  [{ Keys: [[]] }, NOT_A_CLASS],
  // Inside attribute values.
  [{ Item: { a: { S: 1 } } }, 'NUMBER_VALUE cannot be converted to String'],
  [{ Item: { a: { N: 1 } } }, 'NUMBER_VALUE cannot be converted to String'],
  [{ Item: { a: { S: {} } } }, START],
  [{ Item: { a: { S: [] } } }, 'Unrecognized collection type class java.lang.String'],
  [{ Item: { a: { B: 'A' } } }, 'Base64 encoded length is expected a multiple of 4 bytes but found: 1'],
  [{ Item: { a: { B: 5 } } }, 'only base-64-encoded strings are convertible to bytes'],
  [{ Item: { a: { BOOL: 'x' } } }, 'Unexpected token received from parser'],
  [{ Item: { a: { NULL: 0 } } }, 'NUMBER_VALUE cannot be converted to Boolean'],
  [{ Item: { a: { SS: 'x' } } }, 'Unexpected field type'],
  [{ Item: { a: { SS: {} } } }, START],
  [{ Item: { a: { NS: [1] } } }, 'NUMBER_VALUE cannot be converted to String'],
  [{ Item: { a: { BS: ['A'] } } }, 'Base64 encoded length is expected a multiple of 4 bytes but found: 1'],
  [{ Item: { a: { L: {} } } }, START],
  [{ Item: { a: { L: 'x' } } }, 'Unexpected field type'],
  [{ Item: { a: { L: ['x'] } } }, 'Unexpected value type in payload'],
  [{ Item: { a: { M: 'x' } } }, 'Unexpected field type'],
  [{ Item: { a: { M: [] } } }, `Unrecognized collection type java.util.Map<java.lang.String, ${VALUE}>`],
  [{ Item: { a: { M: { b: 'x' } } } }, 'Unexpected value type in payload'],
]

for (const [input, message] of ROWS)
  test(`${JSON.stringify(input)} is refused`, t => {
    const error = t.throws(() => decode(shape, structuredClone(input) as never), { instanceOf: DynamoError })
    t.is(error.type, 'com.amazon.coral.service#SerializationException')
    if (typeof message === 'string') t.is(error.message, message)
    else t.regex(error.message, message)
  })

test('words become booleans, fractions are cut off', t => {
  for (const word of ['true', '1', 'yes', 'TRUE', 'Yes']) t.is(decode(shape, { Flag: word }).Flag, true)
  for (const word of ['false', '0', 'no', 'False', 'NO']) t.is(decode(shape, { Flag: word }).Flag, false)
  t.is(decode(shape, { Count: 3.9 }).Count, 3)
  t.is(decode(shape, { Size: -3.9 }).Size, -3)
  t.true(Object.is(decode(shape, { Count: -0.5 }).Count, 0))
  t.is(decode(shape, { Ratio: 3.9 }).Ratio, 3.9)
  t.is(decode(shape, { When: 1.5 }).When, 1.5)
  t.is(decode(shape, { Count: 1e300 }).Count, 2 ** 31 - 1)
  t.true(Number.isFinite(decode(shape, JSON.parse('{"Ratio":1e999}')).Ratio))
})

test('null and unknown members are gone', t => {
  const input = { Text: null, Nope: [[[]]], constructor: 1, Projection: { ProjectionType: null, Other: 1 } }
  t.deepEqual(decode(shape, input), { Projection: {} })
  const named = JSON.parse('{"__proto__":{"Text":"x"},"Text":"y"}')
  t.deepEqual(Object.keys(decode(shape, named)), ['Text'])
})

test('the result is the parsed object itself', t => {
  const input = { Item: { a: { M: { b: { L: [{ S: 'x' }] } } } } }
  const before = structuredClone(input)
  const decoded = decode(shape, input)
  t.is(decoded as object, input)
  t.deepEqual(input, before)
})
