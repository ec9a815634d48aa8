/** Scan: all items of a table or an index, or of one segment of it. */
import { hashRange, type KeyRange, segmentRange } from '../codec/range.ts'
import { bindExpressions } from '../expression/bind.ts'
import type { Condition, ProjectionPaths } from '../expression/bound.ts'
import { compileCondition } from '../expression/condition.ts'
import { attributesToGet as attributesToGetOf, filterCondition } from '../expression/legacy.ts'
import { conditionPaths } from '../expression/paths.ts'
import { compileProjection } from '../expression/projection.ts'
import { checkExpressionUse, EXPRESSION_USE } from '../expression/use.ts'
import { validation } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import { answerPage } from './item/page.ts'
import { checkPaths } from './item/schema.ts'
import { checkSelect, needsItems } from './item/select.ts'
import { type Source, sourceOf } from './item/source.ts'
import { INVALID_START, isInside, startKey, validateStartValues } from './item/start.ts'
import { operation } from './operation.ts'
import {
  attributesToGet,
  conditionalOperator,
  conditions,
  expressionNames,
  expressionValues,
  indexName,
  key,
  returnConsumedCapacity,
  select,
  tableName,
} from './shape/common.ts'
import { boolean, type Infer, integer, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'

const shape = structure({
  Select: select,
  IndexName: indexName,
  TotalSegments: integer({ min: 1, max: 1_000_000 }),
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: required(tableName),
  ConditionalOperator: conditionalOperator,
  ScanFilter: conditions,
  Segment: integer({ min: 0, max: 999_999 }),
  Limit: integer({ min: 1 }),
  AttributesToGet: attributesToGet,
  ConsistentRead: boolean(),
  ExclusiveStartKey: key,
  ProjectionExpression: string(),
  FilterExpression: string(),
  ExpressionAttributeNames: expressionNames,
  ExpressionAttributeValues: expressionValues,
})
type Input = Infer<typeof shape>

export const scan = operation({
  name: 'Scan',
  input: shape,
  async handle(input, call) {
    const { filter, projection } = validate(input)
    const table = findForData(call, input.TableName)
    const consistent = input.ConsistentRead === true
    const source = sourceOf(table, input.IndexName, consistent)
    if (filter !== undefined) checkPaths(source.schema, conditionPaths(filter))
    if (projection !== undefined) checkPaths(source.schema, projection)
    const fetch = needsItems(source, input.Select, projection)
    const keys = segmentKeys(input)
    const after = input.ExclusiveStartKey && restart(source, input.ExclusiveStartKey, keys, input)
    return answerPage(call, {
      source,
      rows: { ...keys, after, limit: input.Limit },
      consistent,
      fetch,
      filter: filter && compileCondition(filter),
      projection: projection && compileProjection(projection),
      countOnly: input.Select === 'COUNT',
      report: input.ReturnConsumedCapacity,
      given: input.TableName,
    })
  },
})

type Validated = { filter?: Condition; projection?: ProjectionPaths }

/** All checks that need no table, in DynamoDB's order. */
function validate(input: Input): Validated {
  checkExpressionUse(input, EXPRESSION_USE.Scan)
  const legacyProjection = input.AttributesToGet && attributesToGetOf(input.AttributesToGet)
  const legacyFilter = filterCondition(input.ScanFilter, input.ConditionalOperator)
  if (input.ExclusiveStartKey !== undefined) validateStartValues(input.ExclusiveStartKey)
  checkSegments(input)
  const bound = bindExpressions(input)
  checkSelect(input, 'Scan')
  return { filter: bound.filter ?? legacyFilter, projection: bound.projection ?? legacyProjection }
}

function checkSegments({ Segment, TotalSegments }: Input): void {
  if (Segment !== undefined && TotalSegments === undefined) {
    throw validation(
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    )
  }
  if (Segment === undefined && TotalSegments !== undefined) {
    throw validation(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    )
  }
  if (Segment !== undefined && Segment >= TotalSegments!) {
    throw validation(
      'The Segment parameter is zero-based and must be less than parameter TotalSegments: ' +
        `Segment: ${Segment} is not less than TotalSegments: ${TotalSegments}`,
    )
  }
}

function segmentKeys({ Segment = 0, TotalSegments = 1 }: Input): KeyRange {
  const { from, to } = segmentRange(Segment, TotalSegments)
  return hashRange(from, to)
}

/** The encoded key to go on after, which must lie in the segment. @throws ValidationException */
function restart(source: Source, start: Item, keys: KeyRange, { Segment, TotalSegments }: Input): Buffer {
  const misfit = source.index ? INVALID_START : `${INVALID_START}: The provided key element does not match the schema`
  const after = startKey(source, start, misfit)
  if (isInside(after, keys)) return after
  throw validation(
    `${INVALID_START}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. ` +
      `TotalSegments: ${TotalSegments} Segment: ${Segment}`,
  )
}
