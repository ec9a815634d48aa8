/** ConsumedCapacity of answers (facts, section 4.4), as JSON text. */
import { getOwn, setOwn } from '../../model/item.ts'
import type { TableRecord } from '../../model/table.ts'
import type { WriteUnits } from '../../partition/command.ts'
import { spliceMap } from './splice.ts'

export type CapacityReport = 'INDEXES' | 'TOTAL' | 'NONE'

/** Units of the table itself and of the indexes touched, by name; reads are counted the same way as writes. */
export type Units = WriteUnits

export function noUnits(): Units {
  return { table: 0, indexes: {} }
}

export function addUnits(total: Units, units: Units): void {
  total.table += units.table
  for (const [name, index] of Object.entries(units.indexes)) {
    setOwn(total.indexes, name, (getOwn(total.indexes, name) ?? 0) + index)
  }
}

/**
 * One ConsumedCapacity structure; undefined if none was asked for.
 * @param given the table name or ARN as the request spelt it, which is what DynamoDB echoes
 */
export function consumedCapacity(
  report: CapacityReport | undefined,
  given: string,
  table: TableRecord,
  units: Units,
): string | undefined {
  if (report === undefined || report === 'NONE') return undefined
  let total = units.table
  for (const index of Object.values(units.indexes)) total += index
  const head = `{"TableName":${JSON.stringify(given)},"CapacityUnits":${decimal(total)}`
  if (report === 'TOTAL') return `${head}}`
  const local = indexArms(table.localIndexes, units)
  const global = indexArms(table.globalIndexes, units)
  return (
    `${head},"Table":${arm(units.table)}` +
    (global === undefined ? '' : `,"GlobalSecondaryIndexes":${global}`) +
    (local === undefined ? '}' : `,"LocalSecondaryIndexes":${local}}`)
  )
}

function indexArms(indexes: { name: string }[], units: Units): string | undefined {
  const touched = indexes.filter(index => Object.hasOwn(units.indexes, index.name))
  if (touched.length === 0) return undefined
  return spliceMap(touched.map(index => [index.name, arm(units.indexes[index.name]!)]))
}

function arm(units: number): string {
  return `{"CapacityUnits":${decimal(units)}}`
}

/** A double as DynamoDB prints it: 1 is `1.0`. */
export function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
