/**
 * Expressions after parsing and before binding: `#names` and `:values` as written.
 * Free of anything that belongs to one request, so that parsed texts can be kept.
 */
import type { Comparator, Path } from './bound.ts'

/** `literal`: no element is a `#name`. A bare name never begins with `#`, so elements need no tag. */
export type PathSyntax = { kind: 'path'; elements: Path; literal: boolean }

export type ValueSyntax = { kind: 'value'; name: string }

export type CallSyntax = { kind: 'call'; name: string; operands: OperandSyntax[] }

/** What a condition compares. */
export type OperandSyntax = PathSyntax | ValueSyntax | CallSyntax

export type ConditionSyntax =
  | { kind: 'and' | 'or'; terms: ConditionSyntax[] }
  | { kind: 'not'; term: ConditionSyntax }
  | { kind: 'compare'; comparator: Comparator; left: OperandSyntax; right: OperandSyntax }
  | { kind: 'between'; operand: OperandSyntax; low: OperandSyntax; high: OperandSyntax }
  | { kind: 'in'; operand: OperandSyntax; choices: OperandSyntax[] }
  | CallSyntax

/** The right-hand side of a SET. */
export type SetSyntax =
  | PathSyntax
  | ValueSyntax
  | { kind: 'call'; name: string; operands: SetSyntax[] }
  | { kind: 'arithmetic'; sign: '+' | '-'; left: SetSyntax; right: SetSyntax }

export type Section = 'SET' | 'REMOVE' | 'ADD' | 'DELETE'

/** One action of an update, in the order of the text. */
export type ClauseSyntax =
  | { section: 'SET'; path: PathSyntax; value: SetSyntax }
  | { section: 'REMOVE'; path: PathSyntax }
  | { section: 'ADD' | 'DELETE'; path: PathSyntax; value: ValueSyntax }

export type Parsed<Root> = {
  root: Root
  /** Every `#name` and `:value`, once each, in the order of the text. */
  references: string[]
  /** The complaint about a wrong number of operands, which yields to undefined names and values. */
  miscount?: string
}
