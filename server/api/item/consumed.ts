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
 * @param kind of a transaction's units, which say what they are, at every level
 */
export function consumedCapacity(
  report: CapacityReport | undefined,
  given: string,
  table: TableRecord,
  units: Units,
  kind?: 'Read' | 'Write',
): string | undefined {
  if (report === undefined || report === 'NONE') return undefined
  let total = units.table
  for (const index of Object.values(units.indexes)) total += index
  const head = `{"TableName":${JSON.stringify(given)},${capacity(total, kind)}`
  if (report === 'TOTAL') return `${head}}`
  const local = indexArms(table.localIndexes, units, kind)
  const global = indexArms(table.globalIndexes, units, kind)
  return (
    `${head},"Table":{${capacity(units.table, kind)}}` +
    (global === undefined ? '' : `,"GlobalSecondaryIndexes":${global}`) +
    (local === undefined ? '}' : `,"LocalSecondaryIndexes":${local}}`)
  )
}

function indexArms(indexes: { name: string }[], units: Units, kind?: 'Read' | 'Write'): string | undefined {
  const touched = indexes.filter(index => Object.hasOwn(units.indexes, index.name))
  if (touched.length === 0) return undefined
  return spliceMap(touched.map(index => [index.name, `{${capacity(units.indexes[index.name]!, kind)}}`]))
}

function capacity(units: number, kind: 'Read' | 'Write' | undefined): string {
  const text = decimal(units)
  return kind === undefined ? `"CapacityUnits":${text}` : `"CapacityUnits":${text},"${kind}CapacityUnits":${text}`
}

/** A double as DynamoDB prints it: 1 is `1.0`. */
export function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
