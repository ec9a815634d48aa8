/** INSERT, UPDATE and DELETE to the writes that the API makes of them. */
import { rowKey } from '../../codec/key.ts'
import type { Condition } from '../../expression/bound.ts'
import { checkUpdateTargets, conditionPaths, updatePaths } from '../../expression/paths.ts'
import { DynamoError, dynamo, validation } from '../../model/errors.ts'
import type { Item } from '../../model/item.ts'
import { validateItemKey, validateKeyItem } from '../../model/key.ts'
import type { TableRecord } from '../../model/table.ts'
import { MAX_ITEM_SIZE } from '../../model/value.ts'
import type { Delete, Insert, UpdateStatement, Write } from '../../partiql/bind.ts'
import { conjunction } from '../../partiql/conjuncts.ts'
import { planItem } from '../../partiql/plan.ts'
import type { Returning } from '../../partiql/syntax.ts'
import type { ReturnValues, WriteCommand, WriteOutcome } from '../../partition/command.ts'
import { checkPaths, type DataSchema, tableSchema } from '../item/schema.ts'
import type { Call } from '../operation.ts'
import { findForData } from '../table/find.ts'

export const DUPLICATE_ITEM = 'Duplicate primary key exists in table'

export type TableWrite = { table: TableRecord; command: WriteCommand }

/** Runs what `writeOf` made of the statement; an INSERT that meets an item has an error of its own. */
export async function performWrite(call: Call, write: Write, { table, command }: TableWrite): Promise<WriteOutcome> {
  try {
    const outcome = await call.cluster.items.write(table, command)
    call.meter.consumedWrite(table, outcome.units)
    return outcome
  } catch (error) {
    if (write.kind !== 'insert' || !isFailedCondition(error)) throw error
    throw dynamo('DuplicateItemException', DUPLICATE_ITEM)
  }
}

function isFailedCondition(error: unknown): boolean {
  return error instanceof DynamoError && error.code === 'ConditionalCheckFailedException'
}

/** The command of a statement that writes. @throws ResourceNotFoundException, ValidationException */
export function writeOf(call: Call, write: Write, returnOnFailure: boolean): TableWrite {
  if (write.kind === 'insert' && write.size > MAX_ITEM_SIZE) {
    throw validation('Item size has exceeded the maximum allowed size')
  }
  const table = findForData(call, write.target.table)
  const schema = tableSchema(table)
  switch (write.kind) {
    case 'insert':
      return { table, command: putOf(schema, write) }
    case 'update':
      return { table, command: updateOf(schema, write, returnOnFailure) }
    case 'delete':
      return { table, command: deleteOf(schema, write, returnOnFailure) }
  }
}

function putOf(schema: DataSchema, { item, size }: Insert): WriteCommand {
  validateItemKey(schema.key, item)
  const condition: Condition = { kind: 'notExists', path: [schema.keyNames[0]!] }
  return { kind: 'put', key: rowKey(schema.key, item), item, size, condition }
}

/** What is not there is not updated. */
function updateOf(
  schema: DataSchema,
  { update, where, returning }: UpdateStatement,
  returnOnFailure: boolean,
): WriteCommand {
  const { key, condition } = existingItem(schema, where)
  checkUpdateTargets(update, schema.keyNames)
  checkPaths(schema, updatePaths(update))
  checkPaths(schema, conditionPaths(condition))
  return {
    kind: 'update',
    key: rowKey(schema.key, key),
    keyItem: key,
    update,
    condition,
    returnOnFailure,
    returnValues: returnValuesOf(returning),
    plainSize: true,
  }
}

/** The item that a WHERE clause is about, and the condition that it is there and as the clause wants it. */
export function existingItem(schema: DataSchema, where: Condition | undefined): { key: Item; condition: Condition } {
  const { key, rest } = itemOf(schema, where)
  const exists: Condition = { kind: 'exists', path: [schema.keyNames[0]!] }
  return { key, condition: rest === undefined ? exists : conjunction([exists, rest])! }
}

function deleteOf(schema: DataSchema, { where, returning }: Delete, returnOnFailure: boolean): WriteCommand {
  const { key, rest } = itemOf(schema, where)
  if (rest !== undefined) checkPaths(schema, conditionPaths(rest))
  return {
    kind: 'delete',
    key: rowKey(schema.key, key),
    keyItem: key,
    condition: rest,
    returnOnFailure,
    returnValues: returnValuesOf(returning),
  }
}

function itemOf(schema: DataSchema, where: Condition | undefined) {
  const item = planItem(where, schema.key)
  if (item === undefined) {
    throw validation('Where clause does not contain a mandatory equality on all key attributes')
  }
  validateKeyItem(schema.key, item.key)
  return item
}

function returnValuesOf(returning: Returning | undefined): ReturnValues | undefined {
  return returning && `${returning.of === 'ALL' ? 'ALL' : 'UPDATED'}_${returning.state}`
}
