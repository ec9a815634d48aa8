/** Members of the API model that Tavola does not serve: refused, for a table without what was asked for is worse. */
import { validation } from '../../model/errors.ts'
import { list, structure } from '../shape/shape.ts'

/** A member whose presence is all that matters. */
export const anyList = list(structure({}))

/** Errors: ValidationException naming the first of `members` that is there. */
export function refuse(members: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) throw validation(`${name} is not supported`)
  }
}
