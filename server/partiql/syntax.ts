/**
 * Statements after parsing and before binding. Conditions and updates are the syntax of expressions, whose values are
 * named by their place in `constants`. Free of anything that belongs to one request, so that parsed texts can be kept.
 */
import type { Path } from '../expression/bound.ts'
import type { ClauseSyntax, ConditionSyntax, Parsed } from '../expression/syntax.ts'
import type { AttributeValue } from '../model/item.ts'

/** A value as written: a constant, or one that parameters complete. */
export type Template =
  | { kind: 'constant'; value: AttributeValue }
  /** Its number, from 0. */
  | { kind: 'parameter'; number: number }
  | { kind: 'list' | 'set'; elements: Template[] }
  | { kind: 'map'; members: [name: string, value: Template][] }

/** The table as written, by name or ARN. */
export type Target = { table: string; index: string | undefined }

/** One path of a SELECT, and the name under which its value is returned. */
export type Selected = { name: string; path: Path }

export type OrderTerm = { attribute: string; descending: boolean }

export type Where = Parsed<ConditionSyntax> | undefined

export type Returning = { of: 'ALL' | 'MODIFIED'; state: 'OLD' | 'NEW' }

export type Action =
  /** Without `selected`: whole items. */
  | { kind: 'select'; target: Target; selected: Selected[] | undefined; where: Where; order: OrderTerm[] }
  | { kind: 'exists'; target: Target; where: Where }
  | { kind: 'insert'; target: Target; item: Template & { kind: 'map' | 'constant' } }
  | { kind: 'update'; target: Target; clauses: Parsed<ClauseSyntax[]>; where: Where; returning: Returning | undefined }
  | { kind: 'delete'; target: Target; where: Where; returning: Returning | undefined }

export type Statement = {
  action: Action
  /** By the names that conditions and updates use. */
  constants: Map<string, Template>
  /** The names of the sets that SET_ADD and SET_DELETE take, by function. */
  sets: [name: string, of: 'SET_ADD' | 'SET_DELETE'][]
  /** How many parameters the text has. */
  parameters: number
}
