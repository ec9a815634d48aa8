/** The table that a restore makes: whether it may, and its making. */
import { DynamoError, dynamo } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { describe } from '../table/describe.ts'
import { subscriberLimit } from '../table/limits.ts'

const MAX_RESTORES = 50

/** Errors: TableAlreadyExistsException, TableInUseException, LimitExceededException. */
export function checkTarget(call: Call, name: string): void {
  const { tables } = call.cluster
  const present = tables.find(name)
  if (present?.filling?.kind === 'backup') {
    throw dynamo(
      'TableInUseException',
      `Table: ${name} is already being restored from backup: ${present.filling.backupArn}`,
    )
  }
  if (present) throw alreadyExists(name)
  const restores = tables.list().filter(other => isRestored(tables.find(other)))
  if (restores.length >= MAX_RESTORES) {
    throw subscriberLimit(`Only ${MAX_RESTORES} restore operations can be done simultaneously`)
  }
}

/** Resolves with the answer once the table is filled, or after a short while. Errors: TableAlreadyExistsException. */
export async function restoreInto(call: Call, record: TableRecord): Promise<object> {
  const created = await call.cluster.tables.create(record).catch(error => {
    throw error instanceof DynamoError && error.code === 'ResourceInUseException' ? alreadyExists(record.name) : error
  })
  return { TableDescription: describe(created, call) }
}

function isRestored(table: TableRecord | undefined): boolean {
  return table?.filling !== undefined && table.filling.kind !== 'import'
}

function alreadyExists(name: string): DynamoError {
  return dynamo('TableAlreadyExistsException', `Table already exists: ${name}`)
}
