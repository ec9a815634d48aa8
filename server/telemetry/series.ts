/** What is counted of requests, by table and operation: plain numbers, found once and added to. */
import { DURATIONS, Histogram } from '../base/histogram.ts'
import { getOwn } from '../model/item.ts'
import type { TableRecord } from '../model/table.ts'
import type { WriteUnits } from '../partition/command.ts'

/** Of one operation on one table. */
export class OperationSeries {
  /** Seconds, of successful requests alone. */
  readonly latency = new Histogram(DURATIONS)
  throttled = 0
  userErrors = 0
  systemErrors = 0
  /** Undefined for operations that return no list of items. */
  returnedItems: number | undefined
  /** Undefined for operations that return no records of changes. */
  returnedRecords: number | undefined
  returnedBytes: number | undefined
}

/** Units of the table with its local indexes, and of each global index, by name. */
export class UnitSeries {
  table = 0
  readonly indexes = new Map<string, number>()

  add(table: TableRecord, units: WriteUnits): void {
    this.table += units.table
    for (const name in units.indexes) this.#addIndex(table, name, getOwn(units.indexes, name) ?? 0)
  }

  #addIndex({ globalIndexes }: TableRecord, name: string, units: number): void {
    if (globalIndexes.some(index => index.name === name)) this.indexes.set(name, (this.indexes.get(name) ?? 0) + units)
    else this.table += units
  }
}

/** Of one table; also, with an empty name, of the requests that name no table there is. */
export class TableSeries {
  /** The table's UUID. */
  readonly id: string
  readonly name: string
  readonly read = new UnitSeries()
  readonly written = new UnitSeries()
  readonly operations = new Map<string | undefined, OperationSeries>()
  readThrottleEvents = 0
  writeThrottleEvents = 0
  conditionalCheckFailures = 0
  transactionConflicts = 0

  constructor(id: string, name: string) {
    this.id = id
    this.name = name
  }

  /** `name`: undefined for requests that name no operation there is. */
  operation(name: string | undefined): OperationSeries {
    let series = this.operations.get(name)
    if (!series) this.operations.set(name, (series = new OperationSeries()))
    return series
  }
}
