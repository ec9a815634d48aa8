/** The expressions of one request, from text to bound form. */
import type { AttributeValue } from '../model/item.ts'
import type { Condition, KeyConditionTerm, ProjectionPaths, Update } from './bound.ts'
import { remember } from './cache.ts'
import { bindCondition } from './conditionbinder.ts'
import { parseCondition } from './conditionparser.ts'
import type { Label } from './draft.ts'
import { keyConditionTerms } from './keycondition.ts'
import { parseProjection } from './projectionparser.ts'
import { checkReferences, checkUnused, openScope, resolvePath, type Scope } from './scope.ts'
import { bindUpdate, checkCollisions } from './updatebinder.ts'
import { parseUpdate } from './updateparser.ts'

/** The members of a request that make up its expressions, as they are on the wire. */
export type ExpressionInput = {
  UpdateExpression?: string
  ConditionExpression?: string
  KeyConditionExpression?: string
  FilterExpression?: string
  ProjectionExpression?: string
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: Record<string, AttributeValue>
}

export type BoundExpressions = {
  update?: Update
  condition?: Condition
  keyCondition?: KeyConditionTerm[]
  filter?: Condition
  projection?: ProjectionPaths
}

const updates = remember(parseUpdate)
const conditions = remember(parseCondition)
const projections = remember(parseProjection)

/**
 * All checks that need no table (facts, sections 3.4, 3.5 and 3.7): names and values, each expression, what is left
 * unused, and last what a key condition may say. Numbers among the values are normalised in place. Whether the request
 * may carry expressions at all is for `checkExpressionUse`.
 * @throws ValidationException
 */
export function bindExpressions(input: ExpressionInput): BoundExpressions {
  const scope = openScope(input.ExpressionAttributeNames, input.ExpressionAttributeValues)
  const bound: BoundExpressions = {}
  const update = input.UpdateExpression
  if (update !== undefined) bound.update = bindUpdate(scope, 'UpdateExpression', updates('UpdateExpression', update))
  bound.condition = condition(scope, 'ConditionExpression', input.ConditionExpression)
  const keyCondition = condition(scope, 'KeyConditionExpression', input.KeyConditionExpression)
  bound.filter = condition(scope, 'FilterExpression', input.FilterExpression)
  if (input.ProjectionExpression !== undefined) bound.projection = projection(scope, input.ProjectionExpression)
  checkUnused(scope)
  if (keyCondition !== undefined) bound.keyCondition = keyConditionTerms(keyCondition)
  return bound
}

function condition(scope: Scope, label: Label, text: string | undefined): Condition | undefined {
  return text === undefined ? undefined : bindCondition(scope, label, conditions(label, text))
}

function projection(scope: Scope, text: string): ProjectionPaths {
  const label = 'ProjectionExpression'
  const parsed = projections(label, text)
  checkReferences(scope, label, parsed)
  const paths = parsed.root.map(path => resolvePath(scope, path))
  checkCollisions(label, paths)
  return paths
}
