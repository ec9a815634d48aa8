/** What transactions report of their tables: capacity (facts, section 4.4). */
import type { TableRecord } from '../../model/table.ts'
import type { WriteUnits } from '../../partition/command.ts'
import { addUnits, type CapacityReport, consumedCapacity, noUnits, type Units } from '../item/consumed.ts'
import { spliceList } from '../item/splice.ts'
import type { Call } from '../operation.ts'

/** `given`: the table as the request first named it. */
type Share = { given: string; table: TableRecord; units: WriteUnits }

/** The list of ConsumedCapacity, an entry per table; undefined if none was asked for. What is consumed is counted in any case. */
export function transactCapacity(
  call: Call,
  report: CapacityReport | undefined,
  shares: Share[],
  kind: 'Read' | 'Write',
): string | undefined {
  const tables = new Map<string, Share & { units: Units }>()
  for (const { given, table, units } of shares) {
    const known = tables.get(table.id)
    const sum = known?.units ?? noUnits()
    if (!known) tables.set(table.id, { given, table, units: sum })
    // Twice the table's units; those of indexes as ever.
    addUnits(sum, { table: 2 * units.table, indexes: units.indexes })
  }
  for (const { table, units } of tables.values()) {
    if (kind === 'Read') call.meter.consumedRead(table, units)
    else call.meter.consumedWrite(table, units)
  }
  if (report === undefined || report === 'NONE') return undefined
  return spliceList(
    [...tables.values()].map(({ given, table, units }) => consumedCapacity(report, given, table, units, kind)!),
  )
}
