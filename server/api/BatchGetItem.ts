/** BatchGetItem: up to 100 items, of several tables, by their keys. */
import { readUnits } from '../capacity/units.ts'
import { rowKey } from '../codec/key.ts'
import type { ProjectionPaths } from '../expression/bound.ts'
import { EXPRESSION_USE } from '../expression/use.ts'
import { validation } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import { validateKeyItem } from '../model/key.ts'
import { validateItem } from '../model/value.ts'
import type { Image } from '../partition/command.ts'
import { attempt, batchCapacity, DUPLICATE_KEYS, type Outcome, requireProgress, type TableShare } from './item/batch.ts'
import { noUnits } from './item/consumed.ts'
import { bindProjection, checkProjectionUse, projectedText } from './item/projection.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { spliceList, spliceMap, spliceObject } from './item/splice.ts'
import { type Call, operation } from './operation.ts'
import { attributesToGet, expressionNames, key, returnConsumedCapacity } from './shape/common.ts'
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
  RequestItems: required(map(keysAndAttributes), NOTHING_REQUESTED),
})

/** One table's part of the request. */
type Part = TableShare & {
  request: KeysAndAttributes
  projection: ProjectionPaths | undefined
  consistent: boolean
  keys: Buffer[]
}

export const BatchGetItem = operation({
  name: 'BatchGetItem',
  input: shape,
  async handle(input, call) {
    const parts = validate(input.RequestItems).map(([given, request, projection]) =>
      partOf(call, given, request, projection),
    )
    const outcomes = await Promise.all(parts.map(part => readAll(call, part)))
    requireProgress(outcomes.flat())
    const answer = new BatchAnswer()
    for (const [i, part] of parts.entries()) answer.add(part, outcomes[i]!)
    return spliceObject({
      Responses: spliceMap([...answer.responses].map(([name, items]) => [name, spliceList(items)])),
      UnprocessedKeys: spliceMap(answer.unprocessed),
      ConsumedCapacity: batchCapacity(input.ReturnConsumedCapacity, parts),
    })
  },
})
