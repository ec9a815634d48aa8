/** The tags of a table (facts, section 4.9). */
import { validation } from '../../model/errors.ts'
import type { Tag } from '../../model/table.ts'
import { duplicate } from './keys.ts'

const MAX_TAGS = 50
const TEXT = /^[\p{L}\p{N}\p{Zs}+\-=._:/@]*$/u
const RESERVED = 'aws:'

/** Errors: ValidationException for texts that no tag may have, and for two tags with one key. */
export function checkTags(tags: Tag[]): void {
  for (const { Key, Value } of tags) {
    if (!TEXT.test(Key)) throw validation(`The Tag Key provided is invalid, Key: ${Key}`)
    if (Key.toLowerCase().startsWith(RESERVED)) throw validation(`Tag Key cannot be prefixed with aws:, Key: ${Key}`)
    if (!TEXT.test(Value)) throw validation(`The Tag Value provided is invalid, Value: ${Value}`)
  }
  const twice = duplicate(tags.map(tag => tag.Key))
  if (twice !== undefined) {
    throw validation(`Duplicate Tag Keys provided as input: Duplicate Tag Key found ${twice}`)
  }
}

/** `tags` with `added`, which win. Errors: ValidationException beyond 50. */
export function mergeTags(tags: Tag[], added: Tag[]): Tag[] {
  const values = new Map([...tags, ...added].map(tag => [tag.Key, tag.Value]))
  if (values.size > MAX_TAGS) throw validation('Number of Tags exceed the current limit for the provided ResourceArn')
  return [...values].map(([Key, Value]) => ({ Key, Value }))
}
