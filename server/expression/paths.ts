/** Document paths: reading along them, printing them, and what a table's keys allow of them. */
import { invalidParameter, validation } from '../model/errors.ts'
import { type AttributeValue, getOwn, type Item } from '../model/item.ts'
import type { Condition, Operand, Path, SetValue, Update } from './bound.ts'

/** The value at the path, if there is one. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value = getOwn(item, path[0] as string)
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const element = path[i]!
    if (typeof element === 'number') value = value.L?.[element]
    else value = value.M === undefined ? undefined : getOwn(value.M, element)
  }
  return value
}

/** As messages show it: `[a, b, [0]]`. */
export function printPath(path: Path): string {
  return `[${path.map(element => (typeof element === 'number' ? `[${element}]` : element)).join(', ')}]`
}

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((element, i) => element === b[i])
}

/** All paths that a condition reads. */
export function conditionPaths(condition: Condition): Path[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.terms.flatMap(conditionPaths)
    case 'not':
      return conditionPaths(condition.term)
    case 'compare':
      return operandPaths([condition.left, condition.right])
    case 'between':
      return operandPaths([condition.operand, condition.low, condition.high])
    case 'in':
      return operandPaths([condition.operand, ...condition.choices])
    case 'exists':
    case 'notExists':
      return [condition.path]
    case 'type':
      return operandPaths([condition.operand])
    case 'beginsWith':
      return operandPaths([condition.operand, condition.prefix])
    case 'contains':
      return operandPaths([condition.operand, condition.needle])
  }
}

/** Takes a list, for the legacy IN knows no limit. */
function operandPaths(operands: Operand[]): Path[] {
  return operands.flatMap(operand => {
    if ('path' in operand) return [operand.path]
    return 'size' in operand ? operandPaths([operand.size]) : []
  })
}

/** All paths that an update changes. */
export function updateTargets(update: Update): Path[] {
  return [
    ...update.set.map(action => action.path),
    ...update.remove,
    ...update.add.map(action => action.path),
    ...update.delete.map(action => action.path),
  ]
}

/** All paths that an update changes or reads. */
export function updatePaths(update: Update): Path[] {
  return [...updateTargets(update), ...update.set.flatMap(action => readPaths(action.value))]
}

function readPaths(value: SetValue): Path[] {
  if ('path' in value) return [value.path]
  if ('ifNotExists' in value) return [value.ifNotExists, ...readPaths(value.otherwise)]
  if ('append' in value) return value.append.flatMap(readPaths)
  return 'sign' in value ? [...readPaths(value.left), ...readPaths(value.right)] : []
}

/** Refuses paths into key attributes, which are scalars. `label`: of a table's keys or of an index's. */
export function checkKeyAccess(paths: Path[], keyNames: string[], label: 'Key' | 'IndexKey'): void {
  for (const path of paths) {
    const name = path[0] as string
    if (path.length === 1 || !keyNames.includes(name)) continue
    throw validation(
      `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ${label}: ${name}`,
    )
  }
}

/** Refuses updates of the table's key attributes. */
export function checkUpdateTargets(update: Update, keyNames: string[]): void {
  for (const path of updateTargets(update)) {
    if (!keyNames.includes(path[0] as string)) continue
    throw invalidParameter(`Cannot update attribute ${path[0]}. This attribute is part of the key`)
  }
}

/** Refuses a query's filter on the key attributes of what is queried, the table or the index. */
export function checkFilterPaths(
  filter: Condition,
  keyNames: string[],
  label: 'Filter Expression' | 'QueryFilter',
): void {
  for (const path of conditionPaths(filter)) {
    if (!keyNames.includes(path[0] as string)) continue
    throw validation(`${label} can only contain non-primary key attributes: Primary key attribute: ${path[0]}`)
  }
}
