import test from 'ava'
import { checkExpressionUse, EXPRESSION_USE } from '../../../server/expression/use.ts'
import { refusalOf } from './given.ts'

const MIXED = 'Can not use both expression and non-expression parameters in the same request: '
const VALUES = { ExpressionAttributeValues: {} }
const NAMES = { ExpressionAttributeNames: {} }
const NO_VALUES = 'ExpressionAttributeValues can only be specified when using expressions: '

const refused: [keyof typeof EXPRESSION_USE, object, string][] = [
  [
    'PutItem',
    { ConditionExpression: '', Expected: {}, ConditionalOperator: 'AND' },
    `${MIXED}Non-expression parameters: {Expected, ConditionalOperator} Expression parameters: {ConditionExpression}`,
  ],
  [
    'UpdateItem',
    { ConditionExpression: '', UpdateExpression: '', Expected: {}, AttributeUpdates: {} },
    `${MIXED}Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: {UpdateExpression, ConditionExpression}`,
  ],
  [
    'GetItem',
    { AttributesToGet: [], ProjectionExpression: '' },
    `${MIXED}Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}`,
  ],
  [
    'Query',
    { KeyConditions: {}, QueryFilter: {}, KeyConditionExpression: '' },
    `${MIXED}Non-expression parameters: {QueryFilter, KeyConditions} Expression parameters: {KeyConditionExpression}`,
  ],
  [
    'Query',
    { KeyConditions: {}, QueryFilter: {}, FilterExpression: '' },
    `${MIXED}Non-expression parameters: {QueryFilter} Expression parameters: {FilterExpression}`,
  ],
  [
    'Scan',
    { ScanFilter: {}, FilterExpression: '', ProjectionExpression: '' },
    `${MIXED}Non-expression parameters: {ScanFilter} Expression parameters: {ProjectionExpression, FilterExpression}`,
  ],
  ['PutItem', NAMES, 'ExpressionAttributeNames can only be specified when using expressions'],
  ['Query', { ...NAMES, ...VALUES }, 'ExpressionAttributeNames can only be specified when using expressions'],
  ['DeleteItem', VALUES, `${NO_VALUES}ConditionExpression is null`],
  ['UpdateItem', VALUES, `${NO_VALUES}UpdateExpression and ConditionExpression are null`],
  ['Query', VALUES, `${NO_VALUES}FilterExpression and KeyConditionExpression are null`],
  ['Scan', { ...VALUES, ProjectionExpression: 'a' }, `${NO_VALUES}FilterExpression is null`],
  ['TransactCondition', VALUES, `${NO_VALUES}ConditionExpression is null`],
]

for (const [use, input, message] of refused) {
  test(`${use}: ${Object.keys(input).join(', ')}`, t => {
    t.is(
      refusalOf(() => checkExpressionUse(input, EXPRESSION_USE[use])),
      message,
    )
  })
}

test('what may stand together', t => {
  const allowed: [keyof typeof EXPRESSION_USE, object][] = [
    ['PutItem', { Expected: {}, ConditionalOperator: 'OR' }],
    ['PutItem', { ConditionExpression: 'a', ...NAMES, ...VALUES, Expected: undefined }],
    ['Query', { KeyConditions: {}, FilterExpression: 'a', ...VALUES }],
    ['Query', { KeyConditions: {}, QueryFilter: {}, AttributesToGet: [] }],
    ['GetItem', { ProjectionExpression: 'a', ...NAMES }],
  ]
  for (const [use, input] of allowed) t.notThrows(() => checkExpressionUse(input, EXPRESSION_USE[use]))
})
