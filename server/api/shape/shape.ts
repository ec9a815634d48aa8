/**
 * Input shapes: what members an operation takes, of which types, within which limits. Plain data, written once per
 * operation; `decode.ts` checks a request against it and `Infer` gives its static type.
 */
import type { AttributeValue, Item } from '../../model/item.ts'

declare const inferred: unique symbol
/** Carries the static type of a decoded value; has no existence at run time. */
type Typed<T> = { readonly [inferred]?: T }

/** The static type of what `decode` returns. */
export type Infer<S> = S extends Typed<infer T> ? T : never

export type Limits = {
  min?: number
  max?: number
}

export type StringShape = Typed<string> & Limits & { kind: 'string'; pattern?: Pattern; orArn?: boolean }
export type EnumerationShape<V extends string = string> = Typed<V> & {
  kind: 'enumeration'
  values: readonly V[]
  otherwise: string | undefined
}
export type BooleanShape = Typed<boolean> & { kind: 'boolean' }
export type NumberShape = Typed<number> &
  Limits & { kind: 'number'; java: 'Integer' | 'Long' | 'Double' | 'Date'; terse: boolean }
export type BlobShape = Typed<string> & Limits & { kind: 'blob' }
export type ListShape<T = unknown> = Typed<T[]> & Limits & { kind: 'list'; of: Shape }
export type MapShape<T = unknown> = Typed<{ [key: string]: T }> &
  Limits & { kind: 'map'; keys?: StringShape; of: Shape }
export type AttributeValueShape = Typed<AttributeValue> & { kind: 'attributeValue' }
export type ItemShape = Typed<Item> & { kind: 'item' }

export type Structure<T = { [name: string]: unknown }> = Typed<T> & {
  kind: 'structure'
  /** As in the API model; names the structure in error texts. */
  name: string
  /** In the order in which violations are listed. */
  members: Member[]
  byName: Map<string, Member>
  alone: Member | undefined
}

export type Shape =
  | StringShape
  | EnumerationShape
  | BooleanShape
  | NumberShape
  | BlobShape
  | ListShape
  | MapShape
  | AttributeValueShape
  | ItemShape
  | Structure

export type Member = {
  name: string
  /** The name as paths and dumps spell it: `tableName`. */
  camel: string
  shape: Shape
  required: boolean
  /** The whole message, should the member be missing, instead of a listed violation. */
  missing: string | undefined
}

export type Required<S extends Shape = Shape> = S & { required: true; missing: string | undefined }
export type Members = { [name: string]: Shape | Required }

type RequiredNames<M extends Members> = { [K in keyof M]: M[K] extends { required: true } ? K : never }[keyof M]
type InferMembers<M extends Members> = Flat<
  { [K in RequiredNames<M>]: Infer<M[K]> } & { [K in Exclude<keyof M, RequiredNames<M>>]?: Infer<M[K]> }
>
type Flat<T> = { [K in keyof T]: T[K] }

/** A regular expression that the whole text must match, printed as given. */
export type Pattern = { text: string; expression: RegExp }

/**
 * Limits are in characters. `pattern` is matched against the whole text and printed in the message. `orArn`: an ARN of
 * up to 1,024 characters will do as well.
 */
export function string(limits: Limits & { pattern?: string; orArn?: boolean } = {}): StringShape {
  const { pattern, ...rest } = limits
  if (pattern === undefined) return { kind: 'string', ...rest }
  return { kind: 'string', ...rest, pattern: { text: pattern, expression: new RegExp(`^(?:${pattern})$`) } }
}

/**
 * `values` in the order in which the error message prints them (facts, section 1.6), which is not the model's.
 * `otherwise`: a message of its own, reported alone, for any other value.
 */
export function enumeration<const V extends string>(values: readonly V[], otherwise?: string): EnumerationShape<V> {
  return { kind: 'enumeration', values, otherwise }
}

export function boolean(): BooleanShape {
  return { kind: 'boolean' }
}

/** A whole number; fractions are truncated. `terse`: its violation is `Value at 'Limit' failed ...`, as on Query. */
export function integer(limits: Limits & { terse?: boolean } = {}): NumberShape {
  return { kind: 'number', java: 'Integer', terse: false, ...limits }
}

/** Like `integer`, beyond 32 bits. */
export function long(limits: Limits = {}): NumberShape {
  return { kind: 'number', java: 'Long', terse: false, ...limits }
}

export function double(limits: Limits = {}): NumberShape {
  return { kind: 'number', java: 'Double', terse: false, ...limits }
}

/** Epoch seconds, possibly with a fraction. */
export function timestamp(): NumberShape {
  return { kind: 'number', java: 'Date', terse: false }
}

/** Base64 text; stays text. Limits are in decoded bytes. */
export function blob(limits: Limits = {}): BlobShape {
  return { kind: 'blob', ...limits }
}

export function list<S extends Shape>(of: S, limits: Limits = {}): ListShape<Infer<S>> {
  return { kind: 'list', of, ...limits }
}

/** Keys are user-chosen: read the map with `getOwn`. `keys` limits them. */
export function map<S extends Shape>(of: S, limits: Limits & { keys?: StringShape } = {}): MapShape<Infer<S>> {
  return { kind: 'map', of, ...limits }
}

export const attributeValue: AttributeValueShape = { kind: 'attributeValue' }

/** Attribute values by name: an item, a key, expression values. */
export const item: ItemShape = { kind: 'item' }

/** `missing`: a message of its own, reported alone, should the member be absent. */
export function required<S extends Shape>(shape: S, missing?: string): Required<S> {
  return { ...shape, required: true, missing }
}

export type StructureOptions<M extends Members> = {
  /** As in the API model (`KeySchemaElement`); operation inputs need none. */
  name?: string
  /** The members whose violations are listed first, in this order; the others follow as declared. */
  order?: (keyof M & string)[]
  /** A member whose violation hides those of all others. */
  alone?: keyof M & string
}

export function structure<const M extends Members>(
  members: M,
  options: StructureOptions<M> = {},
): Structure<InferMembers<M>> {
  const names = new Set([...(options.order ?? []), ...Object.keys(members)])
  const byName = new Map([...names].map(name => [name, member(name, members[name]!)]))
  return {
    kind: 'structure',
    name: options.name ?? 'Input',
    members: [...byName.values()],
    byName,
    alone: options.alone === undefined ? undefined : byName.get(options.alone),
  }
}

function member(name: string, shape: Shape | Required): Member {
  const camel = name[0]!.toLowerCase() + name.slice(1)
  if ('required' in shape) return { name, camel, shape, required: true, missing: shape.missing }
  return { name, camel, shape, required: false, missing: undefined }
}
