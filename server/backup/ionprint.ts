/**
 * Items and changes as lines of Amazon Ion text (facts, section 9.4). Ion is JSON and more: JSON's strings are Ion's, as long
 * as they are Unicode, so that half a surrogate pair becomes U+FFFD.
 */
import { type AttributeValue, type Item, typeOf } from '../model/item.ts'

/** `time` is epoch milliseconds. */
export type IonChange = { keys: Item; time: number; before?: Item; after?: Item }

/** Names that need no quotes. Those with a leading `$` get some: `$4` is not itself but a symbol's number. */
const PLAIN_NAME = /^(?!(?:null|true|false|nan)$)[A-Za-z_][\w$]*$/

/** A line of a full export, without its end. The item's numbers are normalised. */
export function ionItem(item: Item): string {
  return `$ion_1_0 {Item:${struct(item)}}`
}

/** A line of an incremental export, without its end. */
export function ionChange({ keys, time, before, after }: IonChange): string {
  const metadata = `{WriteTimestampMicros:${decimal(String(time * 1000))}}`
  const images = (after ? `,NewImage:${struct(after)}` : '') + (before ? `,OldImage:${struct(before)}` : '')
  return `$ion_1_0 {Record:{Metadata:${metadata},Keys:${struct(keys)}${images}}}`
}

function struct(map: Item): string {
  return `{${Object.entries(map)
    .map(([name, value]) => `${fieldName(name)}:${print(value)}`)
    .join(',')}}`
}

function print(value: AttributeValue): string {
  switch (typeOf(value)) {
    case 'S':
      return string(value.S!)
    case 'N':
      return decimal(value.N!)
    case 'B':
      return blob(value.B!)
    case 'BOOL':
      return String(value.BOOL)
    case 'NULL':
      return 'null'
    case 'SS':
      return `$dynamodb_SS::${list(value.SS!, string)}`
    case 'NS':
      return `$dynamodb_NS::${list(value.NS!, decimal)}`
    case 'BS':
      return `$dynamodb_BS::${list(value.BS!, blob)}`
    case 'L':
      return list(value.L!, print)
    case 'M':
      return struct(value.M!)
  }
}

function list<T>(members: T[], print: (member: T) => string): string {
  return `[${members.map(print).join(',')}]`
}

function string(text: string): string {
  return JSON.stringify(text.toWellFormed())
}

function fieldName(name: string): string {
  return PLAIN_NAME.test(name) ? name : `'${string(name).slice(1, -1).replaceAll("'", "\\'")}'`
}

/** A decimal always has a point or an exponent: `103.`, `6d2`, `0.5`. What has neither would be an int. */
function decimal(text: string): string {
  if (text.includes('.')) return text
  const digits = text.replace(/(?<=[1-9])0+$/, '')
  return digits.length === text.length ? `${text}.` : `${digits}d${text.length - digits.length}`
}

function blob(base64: string): string {
  return `{{${base64}}}`
}
