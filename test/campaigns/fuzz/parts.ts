/** What requests of several operations have in common. */
import type { Random } from '../random.ts'
import type { Table } from './tables.ts'
import type { JsonObject } from './values.ts'

/** Makes a valid request for the table. */
export type Make = (random: Random, table: Table) => JsonObject

/** `TableName`, by name or ARN. */
export function target(random: Random, { name }: Table): { TableName: string } {
  return { TableName: random.chance(0.9) ? name : arnOf(name) }
}

export function arnOf(name: string): string {
  return `arn:aws:dynamodb:us-east-1:123456789012:table/${name}`
}

export function maybe(random: Random, probability: number, members: () => JsonObject): JsonObject {
  return random.chance(probability) ? members() : {}
}

export const reports = (random: Random) =>
  maybe(random, 0.3, () => ({ ReturnConsumedCapacity: random.pick(['INDEXES', 'TOTAL', 'NONE']) }))
