/**
 * Attribute values and items, in the very shape they travel in: the JSON of the wire, parsed.
 * Everything inside works on this one representation, so that an item is parsed at most once and printed at most once.
 *
 * Attribute names come from users: `__proto__`, `constructor` and `toString` are legal ones. Never read or write an item
 * with `item[name]`; use `getOwn` and `setOwn`.
 */

export type AttributeValue = {
  S?: string
  /** Decimal text, normalised once validated: `1.50` has become `1.5`. */
  N?: string
  /** Standard base64 with padding. */
  B?: string
  BOOL?: boolean
  NULL?: boolean
  SS?: string[]
  NS?: string[]
  BS?: string[]
  L?: AttributeValue[]
  M?: Item
}

export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'SS' | 'NS' | 'BS' | 'L' | 'M'

/** The types a key attribute may have. */
export type ScalarType = 'S' | 'N' | 'B'

export type Item = { [name: string]: AttributeValue }

/** The one type of a validated value. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType
  throw new Error('an attribute value without a type passed validation')
}

/** `object[name]` for names that users choose: inherited members do not count. */
export function getOwn<T>(object: { [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** `object[name] = value` for names that users choose. */
export function setOwn<T>(object: { [name: string]: T }, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  } else object[name] = value
}
