/** From the `TableName` of a request to the table's record. */
import { type DynamoError, dynamo, resourceNotFound } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { tableName } from './arn.ts'

/** The tables that were denied, by the errors that did. */
const denials = new WeakMap<object, string>()

/**
 * Does `work`; again, if it was denied a table that another server knows of by now: what one answers, no other one takes back.
 * Until it has found its tables, `work` may do nothing that counts. Errors: those of `work`.
 */
export async function knowingTables<T>(call: Call, work: () => T | Promise<T>): Promise<T> {
  while (true) {
    try {
      return await work()
    } catch (error) {
      const table = denials.get(error as object)
      if (table === undefined || !(await call.cluster.tables.refresh(table))) throw error
    }
  }
}

function denied(table: string, error: DynamoError): DynamoError {
  denials.set(error, table)
  return error
}

/**
 * The table, for operations on items. `given` is its name or ARN.
 * Errors: ResourceNotFoundException if there is none, or while it is CREATING or DELETING; those of `tableName`.
 */
export function findForData(call: Call, given: string): TableRecord {
  // A colon is not allowed in a table's name, so that no ARN is ever found here.
  const table = call.cluster.tables.find(given) ?? call.cluster.tables.find(tableName(call, given))
  if (!table || table.status === 'CREATING' || table.status === 'DELETING')
    throw denied(tableName(call, given), resourceNotFound())
  call.meter.touched(table)
  return table
}

/** The table in any status, for operations on tables. Errors: ResourceNotFoundException; those of `tableName`. */
export function findForControl(call: Call, given: string): TableRecord {
  const name = tableName(call, given)
  const table = call.cluster.tables.find(name)
  if (!table) throw denied(name, resourceNotFound(`Requested resource not found: Table: ${name} not found`))
  call.meter.touched(table)
  return table
}

/** As `findForControl`, for the backup family, which has an error of its own. Errors: TableNotFoundException. */
export function findForBackup(call: Call, given: string): TableRecord {
  const name = tableName(call, given)
  const table = call.cluster.tables.find(name)
  if (!table) throw denied(name, dynamo('TableNotFoundException', `Table not found: ${name}`))
  call.meter.touched(table)
  return table
}
