/** What a resource-based policy hangs on: a table, or one of its streams (facts, section 7.3). */
import { dynamo, invalidParameter, resourceNotFound, validation } from '../../model/errors.ts'
import { getOwn } from '../../model/item.ts'
import type { ResourcePolicy, TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { parseArn, tableOfResource } from '../table/arn.ts'

/** `label`: of the stream; undefined for the table itself. */
export type PolicyHolder = { arn: string; table: TableRecord; label: string | undefined }

const HOLDER = /^(table\/[^/]+)(?:\/stream\/([^/]+))?$/
const INDEX = /^table\/[^/]+\/index\/[^/]+$/

/** Errors: ValidationException for what is no ARN of this account's tables or streams here; ResourceNotFoundException. */
export function findHolder(call: Call, resourceArn: string): PolicyHolder {
  const { tableName, label } = parseHolder(call, resourceArn)
  const table = call.cluster.tables.find(tableName)
  if (!table) throw resourceNotFound(`Requested resource not found: Table: ${tableName} not found`)
  if (label !== undefined && label !== table.latestStreamLabel) {
    throw resourceNotFound(`Requested resource not found: Stream: ${label} not found for Table: ${tableName}`)
  }
  return { arn: resourceArn, table, label }
}

function parseHolder(call: Call, resourceArn: string): { tableName: string; label: string | undefined } {
  if (!resourceArn.startsWith('arn:')) throw invalidParameter(`ARNs must start with 'arn:': ${resourceArn}`)
  const arn = parseArn(resourceArn)
  if (!arn || arn.region !== call.region) throw invalidParameter(`Invalid resource Arn: ${resourceArn}`)
  if (INDEX.test(arn.resource)) {
    throw invalidParameter(
      `Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ${resourceArn}`,
    )
  }
  const [, resource = '', label] = HOLDER.exec(arn.resource) ?? []
  const tableName = tableOfResource(resource)
  if (tableName === undefined) throw invalidParameter(`Provided Arn is not a DynamoDB resource arn: ${resourceArn}`)
  if (arn.account !== call.account) {
    throw validation('This action is only supported by accounts that match the resource owner’s account.')
  }
  return { tableName, label }
}

/** The holder's policy, or what is left of one that was removed. */
export function policyOf(table: TableRecord, label: string | undefined): ResourcePolicy | undefined {
  if (label === undefined) return table.resourcePolicy
  return table.streamPolicies && getOwn(table.streamPolicies, label)
}

export function withPolicy(table: TableRecord, label: string | undefined, policy: ResourcePolicy): TableRecord {
  if (label === undefined) return { ...table, resourcePolicy: policy }
  return { ...table, streamPolicies: { ...table.streamPolicies, [label]: policy } }
}

/** The time in milliseconds, later than the previous revision. */
export function nextRevision(previous: ResourcePolicy | undefined, now: number): string {
  return String(Math.max(now, Number(previous?.revisionId ?? 0) + 1))
}

/** Errors: PolicyNotFoundException if the policy is not of the revision that the request expects; `NO_POLICY` expects none. */
export function checkRevision(
  table: TableRecord,
  policy: ResourcePolicy | undefined,
  expected: string | undefined,
): void {
  if (expected === undefined) return
  const isThere = policy?.document !== undefined
  if (isThere ? policy.revisionId === expected : expected === 'NO_POLICY') return
  const actual = isThere
    ? `but the policy associated to target table ${table.name} did not match: its revision id is ${policy.revisionId}.`
    : `but table ${table.name} has no associated policy.`
  throw noPolicy(`Requested update for policy with revision id ${expected}, ${actual}`)
}

/** PolicyNotFoundException. `what`: the ARN, or what is wrong. */
export function noPolicy(what: string) {
  return dynamo('PolicyNotFoundException', `Resource-based policy not found for the provided ResourceArn: ${what}`)
}
