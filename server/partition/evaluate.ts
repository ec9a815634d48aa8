/**
 * A write, evaluated at the leader against the row as it will be once everything before it is applied: conditions and
 * updates become images. Synchronous, and pure but for reading the row.
 */
import { writeUnits } from '../capacity/units.ts'
import { compileCondition } from '../expression/condition.ts'
import { applyUpdate, createsItem, updatedAttributes } from '../expression/update.ts'
import { dynamo, invalidParameter, validation } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import { indexKeyProblem } from '../model/key.ts'
import type { TableSchema } from '../model/schema.ts'
import { itemSize } from '../model/size.ts'
import { MAX_ITEM_SIZE } from '../model/value.ts'
import type { Image } from '../store/rows.ts'
import { mark } from './changes.ts'
import type { CheckCommand, ReturnValues, WriteCommand, WriteOutcome } from './command.ts'
import type { Effect } from './entry.ts'
import { indexEffects, type StoredItem } from './indexes.ts'

/** The row a write meets. Reading less is faster: many puts need only its size. */
export interface CurrentRow {
  /** Undefined if there is no item. */
  size(): number | undefined
  image(): Image | undefined
}

/** Without `effect` the write changes nothing. */
export type Evaluation = { effect: Effect | undefined; outcome: WriteOutcome }

type Put = Extract<WriteCommand, { kind: 'put' }>
type Update = Extract<WriteCommand, { kind: 'update' }>
type Delete = Extract<WriteCommand, { kind: 'delete' }>

/** Errors: ConditionalCheckFailedException, and the ValidationExceptions that only the item can tell. */
export function evaluate(table: TableSchema, command: WriteCommand | CheckCommand, current: CurrentRow): Evaluation {
  switch (command.kind) {
    case 'put':
      return evaluatePut(table, command, current)
    case 'update':
      return evaluateUpdate(table, command, current)
    case 'delete':
      return evaluateDelete(table, command, current)
    case 'check':
      return evaluateCheck(command, current)
  }
}

function evaluatePut(table: TableSchema, command: Put, current: CurrentRow): Evaluation {
  if (!command.restored) checkIndexKeys(table, command.item, 'put')
  const after: StoredItem = { json: JSON.stringify(command.item), size: command.size, item: command.item }
  if (!command.condition && table.indexes.length === 0 && command.returnValues !== 'ALL_OLD') {
    return blindPut(table, command.key, after, current)
  }
  const before = stored(current.image())
  checkCondition(command, before)
  return change(table, command, before, after)
}

/** The hot path: nothing depends on what was there but the cost. */
function blindPut(table: TableSchema, key: Buffer, after: StoredItem, current: CurrentRow): Evaluation {
  // What a stream records depends on all of it.
  const old = table.stream && current.image()
  const before = table.stream ? old?.size : current.size()
  const effect: Effect = { key, image: { json: after.json, size: after.size }, before, local: [], global: [] }
  if (table.stream || table.timeToLive !== undefined) mark(table, effect, old, after)
  return { effect, outcome: { units: { table: writeUnits(before, after.size), indexes: {} } } }
}

function evaluateUpdate(table: TableSchema, command: Update, current: CurrentRow): Evaluation {
  const before = stored(current.image())
  checkCondition(command, before)
  const { update } = command
  if (!before && update && !createsItem(update)) return unchanged(command, before)
  const item = update
    ? applyUpdate(update, before?.item ?? command.keyItem, before !== undefined)
    : (before?.item ?? command.keyItem)
  const after: StoredItem = { json: JSON.stringify(item), size: itemSize(item), item }
  checkUpdateSize(command, after.size)
  checkIndexKeys(table, item, 'update', before?.item)
  if (before && before.json === after.json) return unchanged(command, before)
  return change(table, command, before, after)
}

function evaluateDelete(table: TableSchema, command: Delete, current: CurrentRow): Evaluation {
  const before = stored(current.image())
  checkCondition(command, before)
  return before ? change(table, command, before, undefined) : unchanged(command, before)
}

function evaluateCheck(command: CheckCommand, current: CurrentRow): Evaluation {
  const before = stored(current.image())
  checkCondition(command, before)
  return { effect: undefined, outcome: { units: { table: writeUnits(before?.size, before?.size), indexes: {} } } }
}

/** The effect of putting `image`, evaluated earlier, in the place of `before`; undefined deletes. */
export function imageEffect(
  table: TableSchema,
  key: Uint8Array,
  before: Image | undefined,
  image: Image | undefined,
): Effect {
  const [old, now] = [stored(before), stored(image)]
  const { local, global } = indexEffects(table, old, now)
  return mark(table, { key, image, before: before?.size, local, global }, old, now)
}

function change(
  table: TableSchema,
  command: WriteCommand,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
): Evaluation {
  const { local, global, units, localBytes } = indexEffects(table, before, after)
  if (local.length > 0 && (after?.size ?? 0) + localBytes > MAX_ITEM_SIZE) throw tooLarge(command)
  const image = after && { json: after.json, size: after.size }
  return {
    effect: mark(table, { key: command.key, image, before: before?.size, local, global }, before, after),
    outcome: {
      attributes: returned(command, before, after),
      units: { table: writeUnits(before?.size, after?.size), indexes: units },
    },
  }
}

function unchanged(command: WriteCommand, before: StoredItem | undefined): Evaluation {
  const units = { table: writeUnits(before?.size, before?.size), indexes: {} }
  return { effect: undefined, outcome: { attributes: returned(command, before, before), units } }
}

function stored(image: Image | undefined): StoredItem | undefined {
  return image && { json: image.json, size: image.size, item: JSON.parse(image.json) as Item }
}

function checkCondition(command: WriteCommand | CheckCommand, before: StoredItem | undefined): void {
  if (!command.condition || compileCondition(command.condition)(before?.item)) return
  const members = command.returnOnFailure && before ? { Item: before.item } : undefined
  const refusal = dynamo('ConditionalCheckFailedException', 'The conditional request failed', members)
  refusal.consumed = writeUnits(before?.size, undefined)
  throw refusal
}

/** An item that was unfit before an index came stays out of it; an update that leaves it so is none of its business. */
function checkIndexKeys(table: TableSchema, item: Item, origin: 'put' | 'update', before?: Item): void {
  for (const index of table.indexes) {
    const problem = indexKeyProblem(index, item, origin)
    if (problem && !(before && indexKeyProblem(index, before, origin))) throw problem
  }
}

/** As measured on AWS: every action of an update counts as if it brought an attribute of its own (facts, section 2.4). */
function checkUpdateSize({ keyItem, update, plainSize }: Update, size: number): void {
  if (plainSize) {
    if (size > MAX_ITEM_SIZE) throw validation('Item size to update has exceeded the maximum allowed size')
    return
  }
  const growing = update ? update.set.length + update.add.length : 0
  const shrinking = update ? update.remove.length + update.delete.length : 0
  const gate = size - itemSize(keyItem) + 3 + 19 * growing + 2 * shrinking
  if (Math.max(size, gate) > MAX_ITEM_SIZE)
    throw validation('Item size to update has exceeded the maximum allowed size')
}

function tooLarge(command: WriteCommand): Error {
  if (command.kind === 'update') return validation('Item size to update has exceeded the maximum allowed size')
  return invalidParameter('Item size has exceeded the maximum allowed size')
}

/** JSON text of what `returnValues` asks for. */
function returned(
  command: WriteCommand,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
): string | undefined {
  const wanted: ReturnValues = command.returnValues ?? 'NONE'
  if (wanted === 'NONE') return undefined
  if (wanted === 'ALL_OLD') return before?.json
  if (wanted === 'ALL_NEW') return after?.json
  const side = wanted === 'UPDATED_OLD' ? before : after
  if (command.kind !== 'update' || !command.update || !side) return undefined
  const attributes = updatedAttributes(command.update, side.item)
  return Object.keys(attributes).length > 0 ? JSON.stringify(attributes) : undefined
}
