/** Shorthand for the tests of this folder. */
import { bindExpressions, type ExpressionInput } from '../../../server/expression/bind.ts'
import type { Condition, Update } from '../../../server/expression/bound.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import type { AttributeValue } from '../../../server/model/item.ts'

/** The message of the DynamoError that `run` throws; anything else fails the test. */
export function refusalOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof DynamoError) return error.message
    throw error
  }
  return 'nothing was refused'
}

/** Values by their names: `{ ':s': { S: 'text' } }`, and so on. */
export const VALUES: Record<string, AttributeValue> = {
  ':s': { S: 'text' },
  ':n': { N: '1' },
  ':b': { B: 'AQI=' },
  ':bool': { BOOL: true },
  ':null': { NULL: true },
  ':l': { L: [{ N: '1' }] },
  ':m': { M: { a: { N: '1' } } },
  ':ss': { SS: ['a'] },
  ':ns': { NS: ['1'] },
  ':bs': { BS: ['AQI='] },
  ':typeN': { S: 'N' },
}

/** Binds one expression, with those names and values that occur in it, of `VALUES`, unless others are given. */
export function bindOne(input: ExpressionInput): ReturnType<typeof bindExpressions> {
  const text = Object.values(input)
    .filter(part => typeof part === 'string')
    .join(' ')
  const mentioned = Object.entries(structuredClone(VALUES)).filter(([name]) => new RegExp(`${name}(?!\\w)`).test(text))
  const values = mentioned.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(mentioned) }
  return bindExpressions({ ...values, ...input })
}

export function condition(text: string, more: ExpressionInput = {}): Condition {
  return bindOne({ ConditionExpression: text, ...more }).condition!
}

export function update(text: string, more: ExpressionInput = {}): Update {
  return bindOne({ UpdateExpression: text, ...more }).update!
}
