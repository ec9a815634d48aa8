/** What PutItem, UpdateItem and DeleteItem have in common. */
import { type BoundExpressions, bindExpressions, type ExpressionInput } from '../../expression/bind.ts'
import { type ConditionalOperator, expectedCondition, type LegacyExpectation } from '../../expression/legacy.ts'
import { DynamoError, validation } from '../../model/errors.ts'
import type { Item } from '../../model/item.ts'
import type { TableRecord } from '../../model/table.ts'
import type { ReturnValues, WriteOutcome } from '../../partition/command.ts'
import type { Call, JsonText } from '../operation.ts'
import { type CollectionReport, collectionBound, collectionMetrics } from './collection.ts'
import { type CapacityReport, consumedCapacity } from './consumed.ts'
import { spliceObject } from './splice.ts'

type ConditionInput = ExpressionInput & {
  Expected?: { [name: string]: LegacyExpectation }
  ConditionalOperator?: ConditionalOperator
}

type ReportInput = {
  TableName: string
  ReturnConsumedCapacity?: CapacityReport
  ReturnItemCollectionMetrics?: CollectionReport
}

/** True if nothing is to be bound, as in most puts. Names and values alone are an error, but not nothing. */
export function isUnconditional(input: ConditionInput): boolean {
  return (
    input.ConditionExpression === undefined &&
    input.Expected === undefined &&
    input.ConditionalOperator === undefined &&
    input.ExpressionAttributeNames === undefined &&
    input.ExpressionAttributeValues === undefined
  )
}

/** The expressions of a write; `condition` comes from Expected where that is given. @throws ValidationException */
export function bindWrite(input: ConditionInput): BoundExpressions {
  const expected = expectedCondition(input.Expected, input.ConditionalOperator)
  const bound = bindExpressions(input)
  if (expected !== undefined) bound.condition = expected
  return bound
}

/** Puts and deletes return what was there, or nothing. @throws ValidationException */
export function checkReturnValues(returnValues: ReturnValues | undefined): void {
  if (returnValues !== undefined && returnValues !== 'ALL_OLD' && returnValues !== 'NONE') {
    throw validation('ReturnValues can only be ALL_OLD or NONE')
  }
}

/** The answer to a write. `key`: an item with at least the hash attribute of what was written. */
export function writeAnswer(
  call: Call,
  input: ReportInput,
  table: TableRecord,
  key: Item,
  outcome: WriteOutcome,
): JsonText | Promise<JsonText> {
  call.meter.consumedWrite(table, outcome.units)
  const members = {
    Attributes: outcome.attributes,
    ConsumedCapacity: consumedCapacity(input.ReturnConsumedCapacity, input.TableName, table, outcome.units),
  }
  if (input.ReturnItemCollectionMetrics !== 'SIZE' || table.localIndexes.length === 0) return spliceObject(members)
  return collectionBound(call.cluster, table).then(bound =>
    spliceObject({ ...members, ItemCollectionMetrics: collectionMetrics(table, key, bound) }),
  )
}

/** The errors that PutItem and UpdateItem, and no other operation, dress as constraint violations (facts, section 1.6). */
const DRESSED = new RegExp(
  `^(?:${[
    'Can not use both expression and non-expression parameters',
    'ExpressionAttribute(?:Names|Values) (?:can only|must not|contains)',
    'Value provided in ExpressionAttribute(?:Names|Values) unused',
    'Invalid (?:Update|Condition)Expression: ',
    'ReturnValues can only be ',
    'Input collection ',
    'One or more parameter values were invalid: (?:An (?:string|number) set|Binary sets|Input collection|Null attribute) ',
  ].join('|')})`,
)

/** `error`, or what PutItem and UpdateItem say in its place. */
export function dressed(error: unknown): unknown {
  if (!(error instanceof DynamoError) || error.code !== 'ValidationException' || !DRESSED.test(error.message)) {
    return error
  }
  return validation(`1 validation error detected: ${error.message}`)
}
