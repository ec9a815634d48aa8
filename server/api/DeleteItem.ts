/** DeleteItem: removes an item; that there is none is a success. */
import { rowKey } from '../codec/key.ts'
import type { Condition } from '../expression/bound.ts'
import { conditionPaths } from '../expression/paths.ts'
import { checkExpressionUse, EXPRESSION_USE } from '../expression/use.ts'
import { validateKeyItem } from '../model/key.ts'
import { validateItem } from '../model/value.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { bindWrite, checkReturnValues, isUnconditional, writeAnswer } from './item/write.ts'
import { operation } from './operation.ts'
import {
  conditionalOperator,
  expected,
  expressionNames,
  expressionValues,
  key,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValues,
  returnValuesOnConditionCheckFailure,
  tableName,
} from './shape/common.ts'
import { type Infer, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'

const shape = structure({
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: required(tableName),
  ReturnValues: returnValues,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  Key: required(key),
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  ConditionExpression: string(),
  ExpressionAttributeNames: expressionNames,
  ExpressionAttributeValues: expressionValues,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
})

export const deleteItem = operation({
  name: 'DeleteItem',
  input: shape,
  async handle(input, call) {
    const condition = validate(input)
    const table = findForData(call, input.TableName)
    const schema = tableSchema(table)
    validateKeyItem(schema.key, input.Key)
    if (condition !== undefined) checkPaths(schema, conditionPaths(condition))
    const outcome = await call.cluster.items.write(table, {
      kind: 'delete',
      key: rowKey(schema.key, input.Key),
      keyItem: input.Key,
      condition,
      returnOnFailure: input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
      returnValues: input.ReturnValues,
    })
    return writeAnswer(call, input, table, input.Key, outcome)
  },
})

/** All checks that need no table. @returns the condition */
function validate(input: Infer<typeof shape>): Condition | undefined {
  checkReturnValues(input.ReturnValues)
  const unconditional = isUnconditional(input)
  if (!unconditional) checkExpressionUse(input, EXPRESSION_USE.DeleteItem)
  validateItem(input.Key)
  return unconditional ? undefined : bindWrite(input).condition
}
