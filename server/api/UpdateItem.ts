/** UpdateItem: changes attributes of an item, which it creates if there is none. */
import { rowKey } from '../codec/key.ts'
import type { BoundExpressions } from '../expression/bind.ts'
import { type LegacyUpdate, legacyUpdate } from '../expression/legacy.ts'
import { checkUpdateTargets, conditionPaths, updatePaths } from '../expression/paths.ts'
import { checkExpressionUse, EXPRESSION_USE } from '../expression/use.ts'
import { validateKeyItem } from '../model/key.ts'
import { validateItem } from '../model/value.ts'
import { checkPaths, type DataSchema, tableSchema } from './item/schema.ts'
import { bindWrite, dressed, writeAnswer } from './item/write.ts'
import { operation } from './operation.ts'
import {
  attributeUpdates,
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

const shape = structure(
  {
    ReturnConsumedCapacity: returnConsumedCapacity,
    TableName: required(tableName),
    ReturnItemCollectionMetrics: returnItemCollectionMetrics,
    ReturnValues: returnValues,
    Key: required(key),
    ConditionalOperator: conditionalOperator,
    Expected: expected,
    AttributeUpdates: attributeUpdates,
    UpdateExpression: string(),
    ConditionExpression: string(),
    ExpressionAttributeNames: expressionNames,
    ExpressionAttributeValues: expressionValues,
    ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  },
  { alone: 'TableName' },
)

export const updateItem = operation({
  name: 'UpdateItem',
  input: shape,
  async handle(input, call) {
    const bound = validate(input)
    const table = findForData(call, input.TableName)
    const schema = tableSchema(table)
    validateKeyItem(schema.key, input.Key)
    checkAgainstKeys(schema, bound)
    const outcome = await call.cluster.items.write(table, {
      kind: 'update',
      key: rowKey(schema.key, input.Key),
      keyItem: input.Key,
      update: bound.update,
      condition: bound.condition,
      returnOnFailure: input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
      returnValues: input.ReturnValues,
    })
    return writeAnswer(call, input, table, input.Key, outcome)
  },
})

/** All checks that need no table. */
function validate(input: Infer<typeof shape>): BoundExpressions {
  try {
    checkExpressionUse(input, EXPRESSION_USE.UpdateItem)
    validateItem(input.Key)
    const legacy = legacyUpdateOf(input.AttributeUpdates)
    const bound = bindWrite(input)
    bound.update ??= legacy
    return bound
  } catch (error) {
    throw dressed(error)
  }
}

/** No updates at all are no update, which creates an item. */
function legacyUpdateOf(updates: { [name: string]: LegacyUpdate } | undefined) {
  return updates === undefined || Object.keys(updates).length === 0 ? undefined : legacyUpdate(updates)
}

function checkAgainstKeys(schema: DataSchema, { update, condition }: BoundExpressions): void {
  if (update !== undefined) {
    checkUpdateTargets(update, schema.keyNames)
    checkPaths(schema, updatePaths(update))
  }
  if (condition !== undefined) checkPaths(schema, conditionPaths(condition))
}
