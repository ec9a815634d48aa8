/** ConsumedCapacity of several statements: an entry per table, in the order in which they come up. */
import type { TableRecord } from '../../model/table.ts'
import type { TableShare } from '../item/batch.ts'
import { addUnits, noUnits, type Units } from '../item/consumed.ts'

export type Consumption = { given: string; table: TableRecord; units: Units }

export function sharesOf(consumptions: Consumption[]): TableShare[] {
  const shares = new Map<string, TableShare>()
  for (const { given, table, units } of consumptions) {
    const share = shares.get(table.id) ?? { given, table, units: noUnits() }
    shares.set(table.id, share)
    addUnits(share.units, units)
  }
  return [...shares.values()]
}
