/** The `TableArn` members of exports and imports, which take no bare names. */
import { dynamo, invalidParameter, validation } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { checkAccount, parseArn, tableOfResource } from '../table/arn.ts'

/** The table's name. Errors: ValidationException; AccessDeniedException for another account's. */
export function nameOfArn(call: Call, tableArn: string): string {
  const arn = parseArn(tableArn)
  if (!arn) throw invalidParameter('tableArn is not a valid ARN')
  const name = tableOfResource(arn.resource)
  if (name === undefined || arn.region !== call.region) throw validation('Invalid Request: Table ARN is invalid.')
  checkAccount(call, arn)
  return name
}

/** Errors: those of `nameOfArn`; TableNotFoundException. */
export function findByArn(call: Call, tableArn: string): TableRecord {
  const table = call.cluster.tables.find(nameOfArn(call, tableArn))
  if (!table) throw dynamo('TableNotFoundException', `Table not found: ${tableArn}`)
  call.meter.touched(table)
  return table
}
