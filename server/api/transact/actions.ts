/** The actions of TransactWriteItems, from what a request says to commands. */
import type { TransactAction } from '../../cluster/cluster.ts'
import { rowKey } from '../../codec/key.ts'
import { type BoundExpressions, bindExpressions, type ExpressionInput } from '../../expression/bind.ts'
import { checkUpdateTargets, conditionPaths, updatePaths } from '../../expression/paths.ts'
import { checkExpressionUse, EXPRESSION_USE } from '../../expression/use.ts'
import { validation } from '../../model/errors.ts'
import type { Item } from '../../model/item.ts'
import { validateItemKey, validateKeyItem } from '../../model/key.ts'
import { itemSize } from '../../model/size.ts'
import type { TableRecord } from '../../model/table.ts'
import { MAX_ITEM_SIZE, validateItem } from '../../model/value.ts'
import { checkPaths, tableSchema } from '../item/schema.ts'
import {
  expressionNames,
  expressionValues,
  item,
  key,
  returnValuesOnConditionCheckFailure,
  tableName,
} from '../shape/common.ts'
import { type Infer, required, string, structure } from '../shape/shape.ts'

const common = {
  ExpressionAttributeNames: expressionNames,
  ExpressionAttributeValues: expressionValues,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
}

export const transactWriteItem = structure(
  {
    ConditionCheck: structure(
      { TableName: required(tableName), Key: required(key), ConditionExpression: required(string()), ...common },
      { name: 'ConditionCheck' },
    ),
    Put: structure(
      { TableName: required(tableName), Item: required(item), ConditionExpression: string(), ...common },
      { name: 'Put' },
    ),
    Delete: structure(
      { TableName: required(tableName), Key: required(key), ConditionExpression: string(), ...common },
      { name: 'Delete' },
    ),
    Update: structure(
      {
        TableName: required(tableName),
        Key: required(key),
        UpdateExpression: required(string()),
        ConditionExpression: string(),
        ...common,
      },
      { name: 'Update' },
    ),
  },
  { name: 'TransactWriteItem' },
)

type Action = ExpressionInput & {
  TableName: string
  Key?: Item
  Item?: Item
  ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE'
}

/** An action after all checks that need no table. */
export type BoundAction = {
  kind: 'ConditionCheck' | 'Put' | 'Delete' | 'Update'
  given: string
  /** What is written, or the key of what is changed. */
  item: Item
  /** Of `item`. */
  size: number
  /** What the action counts for in the request's size. */
  bytes: number
  bound: BoundExpressions
  returnOnFailure: boolean
}

/** @throws ValidationException */
export function bindAction(wire: Infer<typeof transactWriteItem>): BoundAction {
  const [first, ...more] = Object.entries(wire) as [BoundAction['kind'], Action][]
  if (first === undefined || more.length > 0)
    throw validation('TransactItems can only contain one of Check, Put, Update or Delete')
  return bind(...first)
}

function bind(kind: BoundAction['kind'], action: Action): BoundAction {
  checkExpressionUse(action, kind === 'Update' ? EXPRESSION_USE.TransactUpdate : EXPRESSION_USE.TransactCondition)
  const item = (action.Item ?? action.Key)!
  const size = validateItem(item)
  if (kind === 'Put' && size > MAX_ITEM_SIZE) throw validation('Item size has exceeded the maximum allowed size')
  const bound = bindExpressions(action)
  const values = action.ExpressionAttributeValues
  const texts = (action.ConditionExpression?.length ?? 0) + (action.UpdateExpression?.length ?? 0)
  return {
    kind,
    given: action.TableName,
    item,
    size,
    bytes: size + texts + (values === undefined ? 0 : itemSize(values)),
    bound,
    returnOnFailure: action.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
  }
}

/** The action as its partition will see it. @throws ValidationException if it does not fit the table's keys */
export function commandOf(action: BoundAction, table: TableRecord): TransactAction['command'] {
  const { kind, item, size, bound, returnOnFailure } = action
  const schema = tableSchema(table)
  if (kind === 'Put') validateItemKey(schema.key, item)
  else validateKeyItem(schema.key, item)
  if (bound.update !== undefined) {
    checkUpdateTargets(bound.update, schema.keyNames)
    checkPaths(schema, updatePaths(bound.update))
  }
  if (bound.condition !== undefined) checkPaths(schema, conditionPaths(bound.condition))
  const guard = { key: rowKey(schema.key, item), condition: bound.condition, returnOnFailure }
  switch (kind) {
    case 'Put':
      return { kind: 'put', item, size, ...guard }
    case 'Delete':
      return { kind: 'delete', keyItem: item, ...guard }
    case 'Update':
      return { kind: 'update', keyItem: item, update: bound.update, plainSize: true, ...guard }
    case 'ConditionCheck':
      return { kind: 'check', keyItem: item, ...guard, condition: bound.condition! }
  }
}
