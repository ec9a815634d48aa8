/** From parsed JSON to an operation's input. */
import { validation } from '../../model/errors.ts'
import { checkMembers, type Violations } from './constraints.ts'
import { convertStructure, type JsonObject } from './convert.ts'
import type { Infer, Structure } from './shape.ts'

/**
 * Checks `json` against the shape, in place: the result is the same object, with unknown and null members removed and
 * scalars converted. What attribute values hold is not looked at beyond their JSON types.
 * Errors: SerializationException for JSON of a wrong type, then ValidationException with all violations of the limits.
 */
export function decode<S extends Structure>(shape: S, json: JsonObject): Infer<S> {
  convertStructure(shape, json)
  const violations: Violations = []
  checkMembers(shape, json, '', violations)
  if (violations.length > 0) throw validation(`${counted(violations.length)} detected: ${violations.join('; ')}`)
  return json as Infer<S>
}

function counted(violations: number): string {
  return violations === 1 ? '1 validation error' : `${violations} validation errors`
}
