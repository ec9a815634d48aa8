/** The parameters that expressions replace, in bound form (facts, section 3.9). All values are checked and normalised. */
import { invalidParameter } from '../model/errors.ts'
import { type AttributeType, type AttributeValue, typeOf } from '../model/item.ts'
import { validateValue } from '../model/value.ts'
import type { Path, ProjectionPaths, Update } from './bound.ts'
import { ADDABLE, SETS } from './operandtypes.ts'

export {
  type ConditionalOperator,
  expectedCondition,
  filterCondition,
  type LegacyCondition,
  type LegacyExpectation,
  type LegacyOperator,
  legacyKeyCondition,
} from './legacyconditions.ts'

/** A member of AttributeUpdates. */
export type LegacyUpdate = { Action?: 'PUT' | 'ADD' | 'DELETE'; Value?: AttributeValue }

const LEGACY_ADDABLE: AttributeType[] = [...ADDABLE, 'L']

/** `AttributeUpdates` as an update. */
export function legacyUpdate(updates: Record<string, LegacyUpdate>): Update {
  const update: Update = { set: [], remove: [], add: [], delete: [], legacy: true }
  for (const [name, entry] of Object.entries(updates)) addAction(update, [name], entry)
  return update
}

function addAction(update: Update, path: Path, { Action: action = 'PUT', Value: value }: LegacyUpdate): void {
  if (value === undefined) {
    if (action !== 'DELETE')
      throw invalidParameter('Only DELETE action is allowed when no attribute value is specified')
    update.remove.push(path)
    return
  }
  validateValue(value)
  const type = typeOf(value)
  if (action === 'PUT') update.set.push({ path, value: { value } })
  else if (action === 'ADD') {
    if (!LEGACY_ADDABLE.includes(type)) throw invalidParameter(`ADD action is not supported for the type ${type}`)
    update.add.push({ path, value })
  } else {
    if (!SETS.includes(type)) throw invalidParameter(`DELETE action with value is not supported for the type ${type}`)
    update.delete.push({ path, value })
  }
}

/** `AttributesToGet` as a projection. */
export function attributesToGet(names: string[]): ProjectionPaths {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw invalidParameter(`Duplicate value in attribute name: ${name}`)
    seen.add(name)
  }
  return names.map(name => [name])
}
