/** A parsed condition to a bound one: names and values in place, operands checked. */

import { compareScalars } from '../model/compare.ts'
import { type AttributeType, type AttributeValue, typeOf } from '../model/item.ts'
import type { Condition, Operand, Path } from './bound.ts'
import { type Label, refusal } from './draft.ts'
import { ORDERED, printValue, SEARCHABLE, SIZED, wrongType } from './operandtypes.ts'
import { printPath, samePath } from './paths.ts'
import { checkReferences, resolvePath, resolveValue, type Scope } from './scope.ts'
import type { CallSyntax, ConditionSyntax, OperandSyntax, Parsed } from './syntax.ts'

/** Of each kind, the first complaint of the text: all about equal operands come before all about types. */
type Binding = { scope: Scope; distinct?: string; type?: string }

export function bindCondition(scope: Scope, label: Label | undefined, parsed: Parsed<ConditionSyntax>): Condition {
  checkReferences(scope, label, parsed)
  if (parsed.miscount !== undefined) throw refusal(label, parsed.miscount)
  const binding: Binding = { scope }
  const condition = bind(binding, parsed.root)
  const complaint = binding.distinct ?? binding.type
  if (complaint !== undefined) throw refusal(label, complaint)
  return condition
}

function bind(binding: Binding, syntax: ConditionSyntax): Condition {
  switch (syntax.kind) {
    case 'and':
    case 'or':
      return { kind: syntax.kind, terms: syntax.terms.map(term => bind(binding, term)) }
    case 'not':
      return { kind: 'not', term: bind(binding, syntax.term) }
    case 'compare':
      return bindComparison(binding, syntax)
    case 'between':
      return bindBetween(binding, syntax)
    case 'in': {
      const operand = bindOperand(binding, syntax.operand)
      const choices = syntax.choices.map(choice => bindOperand(binding, choice))
      checkDistinct(binding, 'IN', operand, ...choices)
      return { kind: 'in', operand, choices }
    }
    case 'call':
      return bindCall(binding, syntax)
  }
}

function bindComparison(binding: Binding, syntax: ConditionSyntax & { kind: 'compare' }): Condition {
  const { comparator } = syntax
  const left = bindOperand(binding, syntax.left)
  const right = bindOperand(binding, syntax.right)
  checkDistinct(binding, comparator, left, right)
  if (comparator !== '=' && comparator !== '<>') checkTypes(binding, comparator, ORDERED, left, right)
  return { kind: 'compare', comparator, left, right }
}

function bindBetween(binding: Binding, syntax: ConditionSyntax & { kind: 'between' }): Condition {
  const operand = bindOperand(binding, syntax.operand)
  const low = bindOperand(binding, syntax.low)
  const high = bindOperand(binding, syntax.high)
  checkDistinct(binding, 'BETWEEN', operand, low, high)
  checkTypes(binding, 'BETWEEN', ORDERED, operand, low, high)
  if ('value' in low && 'value' in high) checkBounds(binding, low.value, high.value)
  return { kind: 'between', operand, low, high }
}

function checkBounds(binding: Binding, low: AttributeValue, high: AttributeValue): void {
  const bounds = `lower bound operand: ${printValue(low)}, upper bound operand: ${printValue(high)}`
  if (typeOf(low) !== typeOf(high)) {
    binding.type ??= `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`
  } else if (compareScalars(low, high)! > 0) {
    binding.type ??= `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`
  }
}

/** The parser has counted the operands, and let no other function pass. */
function bindCall(binding: Binding, { name, operands }: CallSyntax): Condition {
  const operand = bindOperand(binding, operands[0]!)
  if (name === 'attribute_exists') return { kind: 'exists', path: requirePath(binding, name, operand) }
  if (name === 'attribute_not_exists') return { kind: 'notExists', path: requirePath(binding, name, operand) }
  const second = bindOperand(binding, operands[1]!)
  if (name === 'attribute_type') return { kind: 'type', operand, type: requireType(binding, second) }
  checkDistinct(binding, name, operand, second)
  if (name === 'begins_with') {
    checkTypes(binding, name, ['S', 'B'], operand, second)
    return { kind: 'beginsWith', operand, prefix: second }
  }
  checkTypes(binding, name, SEARCHABLE, operand)
  return { kind: 'contains', operand, needle: second }
}

function bindOperand(binding: Binding, syntax: OperandSyntax): Operand {
  if (syntax.kind === 'path') return { path: resolvePath(binding.scope, syntax) }
  if (syntax.kind === 'value') return { value: resolveValue(binding.scope, syntax) }
  const operand = bindOperand(binding, syntax.operands[0]!)
  checkTypes(binding, 'size', SIZED, operand)
  return { size: operand }
}

/** The first operand must not be the same path as another. */
function checkDistinct(binding: Binding, operator: string, first: Operand, ...rest: Operand[]): void {
  if (!('path' in first)) return
  const { path } = first
  if (!rest.some(operand => 'path' in operand && samePath(operand.path, path))) return
  binding.distinct ??=
    'The first operand must be distinct from the remaining operands for this operator or function; ' +
    `operator: ${operator}, first operand: ${printPath(path)}`
}

function checkTypes(binding: Binding, operator: string, allowed: AttributeType[], ...operands: Operand[]): void {
  for (const operand of operands) {
    const type = constantType(operand)
    if (type !== undefined && !allowed.includes(type)) binding.type ??= wrongType(operator, type)
  }
}

/** The type of an operand whatever the item; a path may be of any. */
function constantType(operand: Operand): AttributeType | undefined {
  if ('value' in operand) return typeOf(operand.value)
  return 'size' in operand ? 'N' : undefined
}

function requirePath(binding: Binding, name: string, operand: Operand): Path {
  if ('path' in operand) return operand.path
  binding.type ??= `Operator or function requires a document path; operator or function: ${name}`
  return []
}

const TYPE_NAMES = ['B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'N', 'NS', 'S', 'M']

function requireType(binding: Binding, operand: Operand): AttributeType {
  if ('path' in operand) binding.type ??= wrongType('attribute_type', '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}')
  else if (!('value' in operand) || operand.value.S === undefined) {
    binding.type ??= wrongType('attribute_type', constantType(operand)!)
  } else {
    const name = operand.value.S
    if (TYPE_NAMES.includes(name)) return name as AttributeType
    binding.type ??= `Invalid attribute type name found; type: ${name}, valid types: {${TYPE_NAMES.join(',')}}`
  }
  return 'S'
}
