/** BatchWriteItem: up to 25 puts and deletes, in several tables, each on its own. */
import { rowKey } from '../codec/key.ts'
import { validation } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import { indexKeyProblem, keyOf, validateKeyItem } from '../model/key.ts'
import { MAX_ITEM_SIZE, validateItem } from '../model/value.ts'
import type { WriteCommand, WriteOutcome } from '../partition/command.ts'
import {
  attempt,
  batchCapacity,
  DUPLICATE_KEYS,
  meterRetries,
  type Outcome,
  requireProgress,
  type TableShare,
} from './item/batch.ts'
import { collectionBound, collectionMetrics } from './item/collection.ts'
import { addUnits, noUnits } from './item/consumed.ts'
import { type DataSchema, tableSchema } from './item/schema.ts'
import { spliceList, spliceMap, spliceObject } from './item/splice.ts'
import { type Call, operation } from './operation.ts'
import { item, key, returnConsumedCapacity, returnItemCollectionMetrics, tableName } from './shape/common.ts'
import { type Infer, list, map, required, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'

const MAX_REQUESTS = 25
const NOTHING_REQUESTED = 'The requestItems parameter is required for BatchWriteItem'

const writeRequest = structure(
  {
    PutRequest: structure({ Item: required(item) }, { name: 'PutRequest' }),
    DeleteRequest: structure({ Key: required(key) }, { name: 'DeleteRequest' }),
  },
  { name: 'WriteRequest' },
)
type WriteRequest = Infer<typeof writeRequest>

const shape = structure({
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  RequestItems: required(
    map(list(writeRequest, { min: 1, max: MAX_REQUESTS }), { keys: tableName }),
    NOTHING_REQUESTED,
  ),
})
type RequestItems = Infer<typeof shape>['RequestItems']

/** One table's part of the batch. */
type Part = TableShare & { requests: WriteRequest[]; commands: WriteCommand[] }

export const batchWriteItem = operation({
  name: 'BatchWriteItem',
  input: shape,
  async handle({ RequestItems, ReturnConsumedCapacity, ReturnItemCollectionMetrics }, call) {
    const sizes = validate(RequestItems)
    const parts = Object.entries(RequestItems).map(([given, requests], i) => partOf(call, given, requests, sizes[i]!))
    const outcomes = await Promise.all(parts.map(part => writePart(call, part)))
    requireProgress(outcomes.flat())
    const metrics = ReturnItemCollectionMetrics === 'SIZE' ? await metricsOf(call, parts, outcomes) : undefined
    return spliceObject({
      UnprocessedItems: spliceMap(parts.flatMap((part, i) => unprocessedOf(part, outcomes[i]!))),
      ItemCollectionMetrics: metrics,
      ConsumedCapacity: batchCapacity(ReturnConsumedCapacity, parts),
    })
  },
})

/** All checks that need no table. @returns the sizes of all items, by table and request; of keys their own */
function validate(requestItems: RequestItems): number[][] {
  const lists = Object.values(requestItems)
  if (lists.length === 0) throw validation(NOTHING_REQUESTED)
  const sizes = lists.map(requests => requests.map(validateRequest))
  if (sizes.flat().length > MAX_REQUESTS) throw validation('Too many items requested for the BatchWriteItem call')
  return sizes
}

function validateRequest({ PutRequest, DeleteRequest }: WriteRequest): number {
  if ((PutRequest === undefined) === (DeleteRequest === undefined)) {
    throw validation(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  }
  if (PutRequest === undefined) return validateItem(DeleteRequest!.Key)
  const size = validateItem(PutRequest.Item)
  if (size > MAX_ITEM_SIZE) throw validation('Item size has exceeded the maximum allowed size')
  return size
}

function partOf(call: Call, given: string, requests: WriteRequest[], sizes: number[]): Part {
  const table = findForData(call, given)
  const schema = tableSchema(table)
  const commands = requests.map((request, i) => commandOf(schema, request, sizes[i]!))
  if (new Set(commands.map(command => command.key.toString('latin1'))).size < commands.length) {
    throw validation(DUPLICATE_KEYS)
  }
  return { given, table, units: noUnits(), requests, commands }
}

/** Index keys are checked here too: a batch must not fail when some of its writes are done. */
function commandOf(schema: DataSchema, { PutRequest, DeleteRequest }: WriteRequest, size: number): WriteCommand {
  if (PutRequest === undefined) {
    const keyItem = DeleteRequest!.Key
    validateKeyItem(schema.key, keyItem)
    return { kind: 'delete', key: rowKey(schema.key, keyItem), keyItem, patient: true }
  }
  const { Item: item } = PutRequest
  validatePutKey(schema, item)
  for (const index of schema.indexes) {
    const problem = indexKeyProblem(index, item, 'put')
    if (problem !== undefined) throw problem
  }
  return { kind: 'put', key: rowKey(schema.key, item), item, size, patient: true }
}

/** A put that lacks a key, or has one of another type, is answered here as a wrong Key would be. */
function validatePutKey(schema: DataSchema, item: Item): void {
  if (!schema.keyNames.every(name => Object.hasOwn(item, name))) throw validation(KEY_MISMATCH)
  validateKeyItem(schema.key, keyOf(schema.key, item))
}

const KEY_MISMATCH = 'The provided key element does not match the schema'

/** Writes everything at once, and adds up the units of what is done. */
async function writePart(call: Call, { table, commands, units }: Part): Promise<Outcome<WriteOutcome>[]> {
  const outcomes = await Promise.all(commands.map(command => attempt(call.cluster.items.write(table, command))))
  for (const outcome of outcomes) if ('done' in outcome) addUnits(units, outcome.done.units)
  call.meter.consumedWrite(table, units)
  meterRetries(call, table, 'write', outcomes)
  return outcomes
}

/** The requests to be sent again, under the table as given; nothing if there are none. */
function unprocessedOf({ given, requests }: Part, outcomes: Outcome<WriteOutcome>[]): [string, string][] {
  const left = requests.filter((_, i) => 'retry' in outcomes[i]!)
  return left.length === 0 ? [] : [[given, JSON.stringify(left)]]
}

/** By table, an entry for each item collection that was written to; undefined if no table has collections. */
async function metricsOf(call: Call, parts: Part[], outcomes: Outcome<WriteOutcome>[][]): Promise<string | undefined> {
  const members: [string, string][] = []
  for (const [i, { table, commands }] of parts.entries()) {
    if (table.localIndexes.length === 0) continue
    const bound = await collectionBound(call.cluster, table)
    const done = commands.filter((_, j) => 'done' in outcomes[i]![j]!)
    const metrics = done.map(command =>
      collectionMetrics(table, command.kind === 'put' ? command.item : command.keyItem, bound),
    )
    members.push([table.name, spliceList([...new Set(metrics)])])
  }
  return members.length === 0 ? undefined : spliceMap(members)
}
