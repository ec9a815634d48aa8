/** What the tests of statements share. */
import { DynamoError } from '../../../server/model/errors.ts'
import type { AttributeValue } from '../../../server/model/item.ts'
import type { KeySchema } from '../../../server/model/schema.ts'
import { type BoundStatement, bindStatement } from '../../../server/partiql/bind.ts'

/** The message of the ValidationException that a statement meets; `none` if it is bound. */
export function refusal(text: string, ...parameters: AttributeValue[]): string {
  return refusalOf(() => bindStatement(text, parameters))
}

export function refusalOf(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    if (error instanceof DynamoError && error.code === 'ValidationException') return error.message
    throw error
  }
}

export function bound<K extends BoundStatement['kind']>(
  kind: K,
  text: string,
  ...parameters: AttributeValue[]
): BoundStatement & { kind: K } {
  const statement = bindStatement(text, parameters)
  if (statement.kind !== kind) throw new Error(`a ${statement.kind}`)
  return statement as BoundStatement & { kind: K }
}

/** The condition of `SELECT * FROM T WHERE <text>`. */
export function where(text: string, ...parameters: AttributeValue[]) {
  return bound('select', `SELECT * FROM T WHERE ${text}`, ...parameters).where!
}

/** `pk`, or `pk sk`, of strings unless they end in `:N` or `:B`. */
export function keyOf(text: string): KeySchema {
  const [hash, range] = text.split(' ').map(part => {
    const [name, type = 'S'] = part.split(':')
    return { name: name!, type: type as 'S' | 'N' | 'B' }
  })
  return { hash: [hash!], range: range ? [range] : [] }
}

export const MALFORMED = "Statement wasn't well formed, can't be processed: "
export const S = (text: string) => ({ S: text })
export const N = (value: number | string) => ({ N: String(value) })
