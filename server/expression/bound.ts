/**
 * Expressions after parsing and binding: names resolved, values in place, all checks done that need no item.
 * Plain data, so that a partition in another process can evaluate it.
 */
import type { AttributeType, AttributeValue } from '../model/item.ts'

/** An attribute name, then map keys (strings) and list indexes (numbers). Never empty; begins with a string. */
export type Path = (string | number)[]

export type Operand =
  | { path: Path }
  | { value: AttributeValue }
  /** The function `size`. */
  | { size: Operand }

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Condition =
  | { kind: 'and' | 'or'; terms: Condition[] }
  | { kind: 'not'; term: Condition }
  | { kind: 'compare'; comparator: Comparator; left: Operand; right: Operand }
  | { kind: 'between'; operand: Operand; low: Operand; high: Operand }
  | { kind: 'in'; operand: Operand; choices: Operand[] }
  | { kind: 'exists'; path: Path }
  | { kind: 'notExists'; path: Path }
  | { kind: 'type'; operand: Operand; type: AttributeType }
  | { kind: 'beginsWith'; operand: Operand; prefix: Operand }
  | { kind: 'contains'; operand: Operand; needle: Operand }

/** The right-hand side of a SET. */
export type SetValue =
  | { path: Path }
  | { value: AttributeValue }
  | { ifNotExists: Path; otherwise: SetValue }
  | { append: [SetValue, SetValue] }
  | { sign: '+' | '-'; left: SetValue; right: SetValue }

export type Update = {
  set: { path: Path; value: SetValue }[]
  remove: Path[]
  add: { path: Path; value: AttributeValue }[]
  delete: { path: Path; value: AttributeValue }[]
  /**
   * From the legacy AttributeUpdates: its own messages for stored values of another type, ADD may append to lists, and an
   * update of nothing but DELETE actions does not create an item.
   */
  legacy?: boolean
}

export type ProjectionPaths = Path[]

/** One condition on one key attribute, before the key schema is known. */
export type KeyConditionTerm = {
  attribute: string
  operator: '=' | '<' | '<=' | '>' | '>=' | 'BETWEEN' | 'begins_with'
  /** Two for BETWEEN, otherwise one. */
  values: AttributeValue[]
}
