/** PutItem: creates an item, or replaces it as a whole. */
import { rowKey } from '../codec/key.ts'
import type { Condition } from '../expression/bound.ts'
import { conditionPaths } from '../expression/paths.ts'
import { checkExpressionUse, EXPRESSION_USE } from '../expression/use.ts'
import { validation } from '../model/errors.ts'
import { validateItemKey } from '../model/key.ts'
import { MAX_ITEM_SIZE, validateItem } from '../model/value.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { bindWrite, checkReturnValues, dressed, isUnconditional, writeAnswer } from './item/write.ts'
import { operation } from './operation.ts'
import {
  conditionalOperator,
  expected,
  expressionNames,
  expressionValues,
  item,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValues,
  returnValuesOnConditionCheckFailure,
  tableName,
} from './shape/common.ts'
import { type Infer, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'

const shape = structure(
  {
    ReturnConsumedCapacity: returnConsumedCapacity,
    TableName: required(tableName),
    Item: required(item),
    ConditionalOperator: conditionalOperator,
    Expected: expected,
    ReturnValues: returnValues,
    ReturnItemCollectionMetrics: returnItemCollectionMetrics,
    ConditionExpression: string(),
    ExpressionAttributeNames: expressionNames,
    ExpressionAttributeValues: expressionValues,
    ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  },
  { alone: 'TableName' },
)

export const putItem = operation({
  name: 'PutItem',
  input: shape,
  async handle(input, call) {
    const { size, condition } = validate(input)
    const table = findForData(call, input.TableName)
    const schema = tableSchema(table)
    validateItemKey(schema.key, input.Item)
    if (condition !== undefined) checkPaths(schema, conditionPaths(condition))
    const outcome = await call.cluster.items.write(table, {
      kind: 'put',
      key: rowKey(schema.key, input.Item),
      item: input.Item,
      size,
      condition,
      returnOnFailure: input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
      returnValues: input.ReturnValues,
    })
    return writeAnswer(call, input, table, input.Item, outcome)
  },
})

/** All checks that need no table. */
function validate(input: Infer<typeof shape>): { size: number; condition: Condition | undefined } {
  const unconditional = isUnconditional(input)
  try {
    if (!unconditional) checkExpressionUse(input, EXPRESSION_USE.PutItem)
    const size = validateItem(input.Item)
    checkReturnValues(input.ReturnValues)
    if (size > MAX_ITEM_SIZE) throw validation('Item size has exceeded the maximum allowed size')
    return { size, condition: unconditional ? undefined : bindWrite(input).condition }
  } catch (error) {
    throw dressed(error)
  }
}
