/** BatchGetItem: up to 100 items, of several tables, by their keys. */
import { readUnits } from '../capacity/units.ts'
import { rowKey } from '../codec/key.ts'
import type { ProjectionPaths } from '../expression/bound.ts'
import { compileProjection } from '../expression/projection.ts'
import { EXPRESSION_USE } from '../expression/use.ts'
import { validation } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import { validateKeyItem } from '../model/key.ts'
import { validateItem } from '../model/value.ts'
import type { Image } from '../partition/command.ts'
import {
  attempt,
  batchCapacity,
  DUPLICATE_KEYS,
  meterRetries,
  type Outcome,
  requireProgress,
  type TableShare,
} from './item/batch.ts'
import { noUnits } from './item/consumed.ts'
import { bindProjection, checkProjectionUse, projectedText } from './item/projection.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { spliceList, spliceMap, spliceObject } from './item/splice.ts'
import { type Call, operation } from './operation.ts'
import { attributesToGet, expressionNames, key, returnConsumedCapacity, tableName } from './shape/common.ts'
import { boolean, type Infer, list, map, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'

const MAX_KEYS = 100
/** Bytes of items in one answer. */
const MAX_SIZE = 16 * 1024 * 1024
const NOTHING_REQUESTED = 'The requestItems parameter is required for BatchGetItem'

const keysAndAttributes = structure(
  {
    Keys: required(list(key, { min: 1 })),
    AttributesToGet: attributesToGet,
    ConsistentRead: boolean(),
    ProjectionExpression: string(),
    ExpressionAttributeNames: expressionNames,
  },
  { name: 'KeysAndAttributes' },
)
type KeysAndAttributes = Infer<typeof keysAndAttributes>

const shape = structure({
  ReturnConsumedCapacity: returnConsumedCapacity,
  RequestItems: required(map(keysAndAttributes, { keys: tableName }), NOTHING_REQUESTED),
})

type RequestItems = { [given: string]: KeysAndAttributes }

/** One table's part of the batch. */
type Part = TableShare & {
  request: KeysAndAttributes
  project: ((item: Item) => Item) | undefined
  keys: Buffer[]
}

/** As far as the answer goes: texts of items by table, and requests for what did not fit by the table as given. */
type Answer = { bytes: number; full: boolean; items: Map<string, string[]>; unprocessed: Map<string, string> }

export const batchGetItem = operation({
  name: 'BatchGetItem',
  input: shape,
  async handle({ RequestItems, ReturnConsumedCapacity }, call) {
    const projections = validate(RequestItems)
    const parts = Object.entries(RequestItems).map(([given, request], i) =>
      partOf(call, given, request, projections[i]),
    )
    const outcomes = await Promise.all(parts.map(part => readPart(call, part)))
    requireProgress(outcomes.flat())
    const answer: Answer = { bytes: 0, full: false, items: new Map(), unprocessed: new Map() }
    for (const [i, part] of parts.entries()) {
      addPart(answer, part, outcomes[i]!)
      call.meter.consumedRead(part.table, part.units)
    }
    return spliceObject({
      Responses: spliceMap([...answer.items].map(([name, texts]) => [name, spliceList(texts)])),
      UnprocessedKeys: spliceMap(answer.unprocessed),
      ConsumedCapacity: batchCapacity(ReturnConsumedCapacity, parts),
    })
  },
})

/** All checks that need no table. @returns the projection of each table's part */
function validate(requestItems: RequestItems): (ProjectionPaths | undefined)[] {
  const entries = Object.entries(requestItems)
  if (entries.length === 0) throw validation(NOTHING_REQUESTED)
  for (const [given, { Keys }] of entries) if (Keys.length > MAX_KEYS) throw tooManyKeys(given)
  if (entries.reduce((count, [, { Keys }]) => count + Keys.length, 0) > MAX_KEYS) {
    throw validation('Too many items requested for the BatchGetItem call')
  }
  return entries.map(([, request]) => validatePart(request))
}

function tooManyKeys(given: string): Error {
  return validation(
    `1 validation error detected: Value at 'RequestItems.${given}.member.Keys' failed to satisfy constraint: ` +
      `Member must have length less than or equal to ${MAX_KEYS}`,
  )
}

function validatePart(request: KeysAndAttributes): ProjectionPaths | undefined {
  checkProjectionUse(request, EXPRESSION_USE.KeysAndAttributes)
  // Before validation normalises numbers: 1000 and 1e3 do not count as duplicates here.
  const distinct = new Set(request.Keys.map(textOfKey))
  for (const key of request.Keys) validateItem(key)
  const projection = bindProjection(request)
  if (distinct.size < request.Keys.length) throw validation(DUPLICATE_KEYS)
  return projection
}

function textOfKey(key: Item): string {
  return JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function partOf(call: Call, given: string, request: KeysAndAttributes, projection: ProjectionPaths | undefined): Part {
  const table = findForData(call, given)
  const schema = tableSchema(table)
  for (const key of request.Keys) validateKeyItem(schema.key, key)
  if (projection !== undefined) checkPaths(schema, projection)
  const keys = request.Keys.map(key => rowKey(schema.key, key))
  return { given, table, units: noUnits(), request, project: projection && compileProjection(projection), keys }
}

async function readPart(call: Call, { table, request, keys }: Part): Promise<Outcome<Image | undefined>[]> {
  const consistent = request.ConsistentRead === true
  const outcomes = await Promise.all(keys.map(key => attempt(call.cluster.items.get(table, key, consistent))))
  meterRetries(call, table, 'read', outcomes)
  return outcomes
}

/** Takes items as long as there is room in the answer. What is not taken is not charged. */
function addPart(answer: Answer, part: Part, outcomes: Outcome<Image | undefined>[]): void {
  const { table, request, units } = part
  const texts = answer.items.get(table.name) ?? []
  answer.items.set(table.name, texts)
  const unprocessed: Item[] = []
  for (const [i, outcome] of outcomes.entries()) {
    const image = 'done' in outcome ? outcome.done : undefined
    if (image !== undefined && answer.bytes + image.size > MAX_SIZE) answer.full = true
    if (answer.full || 'retry' in outcome) {
      unprocessed.push(request.Keys[i]!)
      continue
    }
    units.table += readUnits(image?.size ?? 0, request.ConsistentRead === true)
    if (image === undefined) continue
    answer.bytes += image.size
    texts.push(projectedText(image.json, part.project))
  }
  if (unprocessed.length > 0) answer.unprocessed.set(part.given, JSON.stringify({ ...request, Keys: unprocessed }))
}
