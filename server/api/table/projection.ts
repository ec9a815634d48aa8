/** Which attributes an index carries: checks of its `Projection` member. */
import { invalidParameter } from '../../model/errors.ts'
import type { LocalIndexRecord, ProjectionDefinition } from '../../model/table.ts'
import { duplicate } from './keys.ts'
import type { ProjectionRequest } from './request.ts'

/** Over all indexes of a table, the same attribute in two indexes counting twice. */
const MAX_NON_KEY_ATTRIBUTES = 100

/** The projection as it is kept and shown. Errors: ValidationException. */
export function defineProjection({ ProjectionType, NonKeyAttributes }: ProjectionRequest): ProjectionDefinition {
  if (ProjectionType === undefined) throw invalidParameter('Unknown ProjectionType: null')
  if (ProjectionType !== 'INCLUDE') {
    if (NonKeyAttributes === undefined) return { ProjectionType }
    throw invalidParameter(`ProjectionType is ${ProjectionType}, but NonKeyAttributes is specified`)
  }
  if (NonKeyAttributes === undefined) {
    throw invalidParameter('ProjectionType is INCLUDE, but NonKeyAttributes is not specified')
  }
  const twice = duplicate(NonKeyAttributes)
  if (twice !== undefined) throw invalidParameter(`Duplicate element in NonKeyAttributes: ${twice}`)
  return { ProjectionType, NonKeyAttributes }
}

export function checkNonKeyAttributes(indexes: LocalIndexRecord[]): void {
  const total = indexes.reduce((sum, index) => sum + (index.projection.NonKeyAttributes?.length ?? 0), 0)
  if (total > MAX_NON_KEY_ATTRIBUTES) {
    throw invalidParameter(
      `Total number of NonKeyAttributes exceeds the per-table limit of ${MAX_NON_KEY_ATTRIBUTES} projected attributes`,
    )
  }
}
