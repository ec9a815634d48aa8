/** From the `ResourceArn` of the tag operations to the table it names (facts, section 4.9). */
import { invalidParameter, resourceNotFound, validation } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { checkAccount, parseArn, tableOfResource } from './arn.ts'

/**
 * The table in any status. Errors: ValidationException for what is no table's ARN; AccessDeniedException for another
 * account's; ResourceNotFoundException.
 */
export function findTagged(call: Call, resourceArn: string): TableRecord {
  if (!resourceArn.startsWith('arn:')) throw invalidParameter(`ARNs must start with 'arn:': ${resourceArn}`)
  const arn = parseArn(resourceArn)
  if (!arn) throw validation(`Provided Arn is not a DynamoDB resource arn: ${resourceArn}`)
  if (!/^table\/[^/]*(\/stream\/[^/]*)?$/.test(arn.resource)) {
    throw validation(
      `Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ${resourceArn}`,
    )
  }
  const name = tableOfResource(arn.resource)
  if (name === undefined || arn.region !== call.region) {
    throw validation(`Invalid TableArn: Invalid ResourceArn provided as input ${resourceArn}`)
  }
  checkAccount(call, arn)
  const table = call.cluster.tables.find(name)
  if (!table) throw resourceNotFound(`Requested resource not found: ResourceArn: ${resourceArn} not found`)
  return table
}
