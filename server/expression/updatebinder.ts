/** A parsed update to a bound one: names and values in place, paths and operands checked. */
import { type AttributeType, typeOf } from '../model/item.ts'
import type { Path, SetValue, Update } from './bound.ts'
import { type Label, refusal } from './draft.ts'
import { ADDABLE, SETS, wrongActionType, wrongType } from './operandtypes.ts'
import { printPath } from './paths.ts'
import { addPath, type Collision, emptyTree } from './pathtree.ts'
import { checkReferencesNamesFirst, resolvePath, resolveValue, type Scope } from './scope.ts'
import type { ClauseSyntax, Parsed, SetSyntax } from './syntax.ts'

/**
 * Of each kind, the first complaint of the text: all about constants come before all about functions, whose type is known
 * without one.
 */
type Binding = { scope: Scope; type?: string; functionType?: string }

export function bindUpdate(scope: Scope, label: Label | undefined, parsed: Parsed<ClauseSyntax[]>): Update {
  checkReferencesNamesFirst(scope, label, parsed)
  const paths = parsed.root.map(clause => resolvePath(scope, clause.path))
  checkCollisions(label, paths)
  if (parsed.miscount !== undefined) throw refusal(label, parsed.miscount)
  const binding: Binding = { scope }
  const update: Update = { set: [], remove: [], add: [], delete: [] }
  parsed.root.forEach((clause, i) => {
    addClause(binding, update, clause, paths[i]!)
  })
  const complaint = binding.type ?? binding.functionType
  if (complaint !== undefined) throw refusal(label, complaint)
  return update
}

/** Refuses paths that overlap, then paths that conflict. */
export function checkCollisions(label: Label | undefined, paths: Path[]): void {
  if (paths.length === 1) return
  const tree = emptyTree<true>()
  let conflict: Collision | undefined
  for (const path of paths) {
    const collision = addPath(tree, path, true)
    if (collision?.kind === 'overlap') throw refusal(label, printCollision(collision))
    conflict ??= collision
  }
  if (conflict !== undefined) throw refusal(label, printCollision(conflict))
}

function printCollision({ kind, paths: [one, two] }: Collision): string {
  return (
    `Two document paths ${kind} with each other; must remove or rewrite one of these paths; ` +
    `path one: ${printPath(one)}, path two: ${printPath(two)}`
  )
}

function addClause(binding: Binding, update: Update, clause: ClauseSyntax, path: Path): void {
  if (clause.section === 'REMOVE') update.remove.push(path)
  else if (clause.section === 'SET') update.set.push({ path, value: bindValue(binding, clause.value) })
  else {
    const value = resolveValue(binding.scope, clause.value)
    const allowed = clause.section === 'ADD' ? ADDABLE : SETS
    if (!allowed.includes(typeOf(value))) binding.type ??= wrongActionType(clause.section, value)
    update[clause.section === 'ADD' ? 'add' : 'delete'].push({ path, value })
  }
}

function bindValue(binding: Binding, syntax: SetSyntax): SetValue {
  if (syntax.kind === 'path') return { path: resolvePath(binding.scope, syntax) }
  if (syntax.kind === 'value') return { value: resolveValue(binding.scope, syntax) }
  if (syntax.kind === 'arithmetic') {
    const left = bindValue(binding, syntax.left)
    const right = bindValue(binding, syntax.right)
    checkTypes(binding, syntax.sign, 'N', left, right)
    return { sign: syntax.sign, left, right }
  }
  // The parser has counted the operands, and let no other function pass.
  const [left, right] = syntax.operands.map(operand => bindValue(binding, operand)) as [SetValue, SetValue]
  if (syntax.name === 'if_not_exists') return { ifNotExists: requirePath(binding, left), otherwise: right }
  checkTypes(binding, 'list_append', 'L', left, right)
  return { append: [left, right] }
}

function requirePath(binding: Binding, value: SetValue): Path {
  if ('path' in value) return value.path
  binding.type ??= 'Operator or function requires a document path; operator or function: if_not_exists'
  return []
}

function checkTypes(binding: Binding, operator: string, wanted: AttributeType, ...values: SetValue[]): void {
  for (const value of values) {
    if ('value' in value) {
      const type = typeOf(value.value)
      if (type !== wanted) binding.type ??= wrongType(operator, type)
    } else {
      const type = resultType(value)
      if (type !== undefined && type !== wanted) binding.functionType ??= wrongType(operator, type)
    }
  }
}

/** The type that a function or a sum has, whatever the item. */
function resultType(value: SetValue): AttributeType | undefined {
  if ('append' in value) return 'L'
  return 'sign' in value ? 'N' : undefined
}
