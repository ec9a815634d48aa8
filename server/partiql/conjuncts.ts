/** What single terms of a WHERE clause say about one key attribute. */
import type { Condition, KeyConditionTerm, Operand } from '../expression/bound.ts'
import { MIRRORED } from '../expression/keycondition.ts'
import type { AttributeValue } from '../model/item.ts'

/** The terms that must all hold. */
export function conjuncts(where: Condition | undefined): Condition[] {
  if (where === undefined) return []
  return where.kind === 'and' ? where.terms.flatMap(conjuncts) : [where]
}

/** The condition that all terms hold; undefined if there are none. */
export function conjunction(terms: Condition[]): Condition | undefined {
  return terms.length > 1 ? { kind: 'and', terms } : terms[0]
}

/** The condition on the attribute that a Query can look up; undefined if it is none, or on something else. */
export function keyTerm(condition: Condition, attribute: string): KeyConditionTerm | undefined {
  switch (condition.kind) {
    case 'compare': {
      const { comparator, left, right } = condition
      if (comparator === '<>') return undefined
      if (isAttribute(left, attribute)) return termOf(attribute, comparator, [right])
      return isAttribute(right, attribute) ? termOf(attribute, MIRRORED[comparator], [left]) : undefined
    }
    case 'between': {
      const { operand, low, high } = condition
      return isAttribute(operand, attribute) ? termOf(attribute, 'BETWEEN', [low, high]) : undefined
    }
    case 'beginsWith': {
      const { operand, prefix } = condition
      return isAttribute(operand, attribute) ? termOf(attribute, 'begins_with', [prefix]) : undefined
    }
    default:
      return undefined
  }
}

function isAttribute(operand: Operand, attribute: string): boolean {
  return 'path' in operand && operand.path.length === 1 && operand.path[0] === attribute
}

function termOf(
  attribute: string,
  operator: KeyConditionTerm['operator'],
  operands: Operand[],
): KeyConditionTerm | undefined {
  const values = constantsOf(operands)
  return values && { attribute, operator, values }
}

/** The values, if all are constants. */
function constantsOf(operands: Operand[]): AttributeValue[] | undefined {
  const values = operands.flatMap(operand => ('value' in operand ? [operand.value] : []))
  return values.length === operands.length ? values : undefined
}

/** `exact`: that the attribute has one of the values is all that the condition says. */
type Choice = { values: AttributeValue[]; exact: boolean }

/** The values that the attribute may have where the condition holds; undefined if the condition does not tell. */
export function choiceOf(condition: Condition, attribute: string): Choice | undefined {
  switch (condition.kind) {
    case 'compare': {
      const term = keyTerm(condition, attribute)
      return term?.operator === '=' ? { values: term.values, exact: true } : undefined
    }
    case 'in': {
      if (!isAttribute(condition.operand, attribute)) return undefined
      const values = constantsOf(condition.choices)
      return values && { values, exact: true }
    }
    case 'or': {
      const choices = condition.terms.map(term => choiceOf(term, attribute))
      if (!choices.every(choice => choice !== undefined)) return undefined
      return { values: choices.flatMap(({ values }) => values), exact: choices.every(({ exact }) => exact) }
    }
    case 'and': {
      const choices = condition.terms.flatMap(term => choiceOf(term, attribute) ?? [])
      const fewest = choices.sort((a, b) => a.values.length - b.values.length)[0]
      return fewest && { values: fewest.values, exact: false }
    }
    default:
      return undefined
  }
}
