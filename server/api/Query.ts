/** Query: the items under one partition key, of a table or an index, in sort-key order. */
import { type KeyRange, queryRange, type RangeCondition } from '../codec/range.ts'
import { bindExpressions } from '../expression/bind.ts'
import type { Condition, KeyConditionTerm, ProjectionPaths } from '../expression/bound.ts'
import { compileCondition } from '../expression/condition.ts'
import { resolveKeyCondition } from '../expression/keycondition.ts'
import { attributesToGet as attributesToGetOf, filterCondition, legacyKeyCondition } from '../expression/legacy.ts'
import { checkFilterPaths, conditionPaths } from '../expression/paths.ts'
import { compileProjection } from '../expression/projection.ts'
import { checkExpressionUse, EXPRESSION_USE } from '../expression/use.ts'
import { validation } from '../model/errors.ts'
import type { AttributeValue, Item } from '../model/item.ts'
import { answerPage } from './item/page.ts'
import { checkPaths, namesOf } from './item/schema.ts'
import { checkFilterCarried, checkSelect, needsItems } from './item/select.ts'
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
  ReturnConsumedCapacity: returnConsumedCapacity,
  QueryFilter: conditions,
  TableName: required(tableName),
  ConditionalOperator: conditionalOperator,
  AttributesToGet: attributesToGet,
  Limit: integer({ min: 1, terse: true }),
  KeyConditions: conditions,
  ConsistentRead: boolean(),
  ScanIndexForward: boolean(),
  ExclusiveStartKey: key,
  ProjectionExpression: string(),
  FilterExpression: string(),
  KeyConditionExpression: string(),
  ExpressionAttributeNames: expressionNames,
  ExpressionAttributeValues: expressionValues,
})
type Input = Infer<typeof shape>

export const query = operation({
  name: 'Query',
  input: shape,
  async handle(input, call) {
    const { terms, filter, projection } = validate(input)
    const table = findForData(call, input.TableName)
    const consistent = input.ConsistentRead === true
    const source = sourceOf(table, input.IndexName, consistent)
    const { hash, range } = resolveKeyCondition(terms, source.key)
    if (filter !== undefined) checkFilter(source, filter, input)
    if (projection !== undefined) checkPaths(source.schema, projection)
    const fetch = needsItems(source, input.Select, projection)
    const keys = queryRange(hash, range)
    const after = input.ExclusiveStartKey && restart(source, input.ExclusiveStartKey, hash, range, keys)
    return answerPage(call, {
      source,
      rows: { ...keys, after, reverse: input.ScanIndexForward === false, limit: input.Limit },
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

type Validated = { terms: KeyConditionTerm[]; filter?: Condition; projection?: ProjectionPaths }

/** All checks that need no table, in DynamoDB's order. */
function validate(input: Input): Validated {
  checkExpressionUse(input, EXPRESSION_USE.Query)
  const legacyFilter = filterCondition(input.QueryFilter, input.ConditionalOperator)
  const legacyProjection = input.AttributesToGet && attributesToGetOf(input.AttributesToGet)
  if (input.ExclusiveStartKey !== undefined) validateStartValues(input.ExclusiveStartKey)
  if (input.KeyConditions === undefined && input.KeyConditionExpression === undefined) {
    throw validation('Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.')
  }
  const bound = bindExpressions(input)
  const terms = bound.keyCondition ?? legacyKeyCondition(input.KeyConditions!)
  checkSelect(input, 'Query')
  return { terms, filter: bound.filter ?? legacyFilter, projection: bound.projection ?? legacyProjection }
}

/** Key attributes are for the key condition: a filter may not mention those of what is queried. */
function checkFilter(source: Source, filter: Condition, input: Input): void {
  const label = input.QueryFilter === undefined ? 'Filter Expression' : 'QueryFilter'
  checkFilterPaths(filter, namesOf(source.key), label)
  checkPaths(source.schema, conditionPaths(filter))
  checkFilterCarried(source, filter)
}

/** The encoded key to go on after, which must lie where the query looks. @throws ValidationException */
function restart(source: Source, start: Item, hash: AttributeValue[], range: RangeCondition[], keys: KeyRange): Buffer {
  const after = startKey(source, start, INVALID_START)
  const pinned = source.key.range.length === 0 || range[0]?.operator === '='
  if (source.index === undefined && pinned) {
    throw validation('The query can return at most one row and cannot be restarted')
  }
  if (isInside(after, keys)) return after
  throw validation(
    isInside(after, queryRange(hash, []))
      ? 'The provided starting key does not match the range key predicate'
      : 'The provided starting key is outside query boundaries based on provided conditions',
  )
}
