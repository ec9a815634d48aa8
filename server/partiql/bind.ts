/** Statements with their parameters in place: bound conditions and updates, the same that expressions become. */
import type { Condition, Update } from '../expression/bound.ts'
import { bindCondition } from '../expression/conditionbinder.ts'
import { SETS, wrongType } from '../expression/operandtypes.ts'
import type { Scope } from '../expression/scope.ts'
import { bindUpdate } from '../expression/updatebinder.ts'
import { validation } from '../model/errors.ts'
import { type AttributeValue, type Item, typeOf } from '../model/item.ts'
import { validateItem, validateValue } from '../model/value.ts'
import { instantiate } from './literals.ts'
import { parseStatement } from './parser.ts'
import type { OrderTerm, Returning, Selected, Statement, Target, Where } from './syntax.ts'

/** Without `selected`: whole items. */
export type Select = {
  kind: 'select'
  target: Target
  selected: Selected[] | undefined
  where: Condition | undefined
  order: OrderTerm[]
}
export type Exists = { kind: 'exists'; target: Target; where: Condition | undefined }
/** `size`: of `item`, in bytes. */
export type Insert = { kind: 'insert'; target: Target; item: Item; size: number }
export type UpdateStatement = {
  kind: 'update'
  target: Target
  update: Update
  where: Condition | undefined
  returning: Returning | undefined
}
export type Delete = {
  kind: 'delete'
  target: Target
  where: Condition | undefined
  returning: Returning | undefined
}

/** A statement that writes. */
export type Write = Insert | UpdateStatement | Delete
export type BoundStatement = Select | Exists | Write

/**
 * All checks that need no table. Numbers among the parameters are normalised in place.
 * @throws ValidationException
 */
export function bindStatement(text: string, parameters: AttributeValue[] = []): BoundStatement {
  const statement = parseStatement(text)
  if (parameters.length !== statement.parameters) {
    throw validation("Number of parameters in request and statement don't match.")
  }
  for (const parameter of parameters) validateValue(parameter)
  const { action } = statement
  if (action.kind === 'insert') {
    const item = instantiate(action.item, parameters).M!
    return { kind: 'insert', target: action.target, item, size: validateItem(item) }
  }
  const scope = scopeOf(statement, parameters)
  if (action.kind === 'update') {
    checkSets(statement, scope)
    const { kind, target, clauses, returning } = action
    const update = bindUpdate(scope, undefined, clauses)
    return { kind, target, update, where: bindWhere(scope, action.where), returning }
  }
  return { ...action, where: bindWhere(scope, action.where) }
}

/** The constants by the names that the syntax has for them. */
function scopeOf({ constants }: Statement, parameters: AttributeValue[]): Scope {
  const values: Record<string, AttributeValue> = {}
  for (const [name, template] of constants) {
    const value = instantiate(template, parameters)
    if (template.kind !== 'constant' && template.kind !== 'parameter') validateValue(value)
    values[name] = value
  }
  return { names: {}, values, count: constants.size, used: new Set() }
}

function bindWhere(scope: Scope, where: Where): Condition | undefined {
  return where && bindCondition(scope, undefined, where)
}

/** SET_ADD takes nothing but sets, though ADD, which does the work, takes numbers too. */
function checkSets({ sets }: Statement, { values }: Scope): void {
  for (const [name, of] of sets) {
    const type = typeOf(values[name]!)
    if (!SETS.includes(type)) throw validation(wrongType(of, type))
  }
}
