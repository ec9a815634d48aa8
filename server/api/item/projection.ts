/** Projections of reads by key: GetItem, and each table's part of BatchGetItem. */
import { bindExpressions } from '../../expression/bind.ts'
import type { ProjectionPaths } from '../../expression/bound.ts'
import { attributesToGet } from '../../expression/legacy.ts'
import { checkExpressionUse, type ExpressionUse } from '../../expression/use.ts'
import type { Item } from '../../model/item.ts'

type ProjectionInput = {
  AttributesToGet?: string[]
  ProjectionExpression?: string
  ExpressionAttributeNames?: { [name: string]: string }
}

/** @throws ValidationException */
export function checkProjectionUse(input: ProjectionInput, use: ExpressionUse): void {
  if (!isWhole(input)) checkExpressionUse(input, use)
}

/** The wanted paths, from either form; undefined for the whole item. @throws ValidationException */
export function bindProjection(input: ProjectionInput): ProjectionPaths | undefined {
  if (isWhole(input)) return undefined
  return input.AttributesToGet ? attributesToGet(input.AttributesToGet) : bindExpressions(input).projection
}

/** The JSON text of what `project`, a compiled projection, leaves of an item. */
export function projectedText(json: string, project: ((item: Item) => Item) | undefined): string {
  return project === undefined ? json : JSON.stringify(project(JSON.parse(json) as Item))
}

/** True if nothing is to be bound, as in most reads. Names alone are an error, but not nothing. */
function isWhole(input: ProjectionInput): boolean {
  return (
    input.ProjectionExpression === undefined &&
    input.AttributesToGet === undefined &&
    input.ExpressionAttributeNames === undefined
  )
}
