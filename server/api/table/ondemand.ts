/** On-demand ceilings and warm throughput: of a table or of a global index. */
import { invalidParameter } from '../../model/errors.ts'
import type { OnDemandThroughput, ProvisionedThroughput, WarmThroughput } from '../../model/table.ts'
import type { BillingMode, WarmRequest } from './request.ts'
import type { Subject } from './throughput.ts'

/** What an on-demand table can serve from its first second. */
const INITIAL: WarmThroughput = { read: 12_000, write: 4_000 }

const CEILINGS = ['MaxReadRequestUnits', 'MaxWriteRequestUnits'] as const
/** Takes a ceiling away. */
const NONE = -1

/**
 * Checks requested ceilings. `the`: CreateTable and UpdateTable word the refusal differently.
 * Errors: ValidationException.
 */
export function checkCeilings(
  requested: OnDemandThroughput | undefined,
  mode: BillingMode,
  subject: Subject,
  operation: 'CreateTable' | 'UpdateTable',
): void {
  for (const member of CEILINGS) {
    const value = requested?.[member]
    if (value === undefined) continue
    if (mode === 'PROVISIONED') {
      const rest =
        operation === 'CreateTable' ? 'table BillingMode is PROVISIONED.' : 'the table BillingMode is PROVISIONED'
      throw invalidParameter(`${member} for OnDemandThroughput cannot be specified when ${rest}`)
    }
    if (value === 0 || value < NONE) {
      throw invalidParameter(
        `Requested ${member} for OnDemandThroughput for ${spelled(subject)} is outside of valid range`,
      )
    }
  }
}

/** Without the ceilings that `-1` takes away; undefined if none is left. */
export function effectiveCeilings(ceilings: OnDemandThroughput | undefined): OnDemandThroughput | undefined {
  const left = CEILINGS.filter(member => ceilings?.[member] !== undefined && ceilings[member] !== NONE)
  if (left.length === 0) return undefined
  return Object.fromEntries(left.map(member => [member, ceilings![member]]))
}

/** The throughput that is warm without being asked for. */
export function initialWarmth(mode: BillingMode, throughput: ProvisionedThroughput): WarmThroughput {
  return mode === 'PAY_PER_REQUEST' ? INITIAL : { read: throughput.read, write: throughput.write }
}

/** Warmth never goes down. */
export function warmest(a: WarmThroughput, b: WarmThroughput): WarmThroughput {
  return { read: Math.max(a.read, b.read), write: Math.max(a.write, b.write) }
}

/**
 * The warm throughput after a request for more. `floor`: what is warm already, by the billing mode of what is being made, or
 * for what is there (CURRENT).
 * Errors: ValidationException if less is asked for.
 */
export function warm(
  floor: WarmThroughput,
  requested: WarmRequest | undefined,
  by: BillingMode | 'CURRENT',
  subject: Subject,
): WarmThroughput {
  const { ReadUnitsPerSecond: read = floor.read, WriteUnitsPerSecond: write = floor.write } = requested ?? {}
  const low = read < floor.read ? 'ReadUnitsPerSecond' : write < floor.write ? 'WriteUnitsPerSecond' : undefined
  if (low === undefined) return { read, write }
  const than = {
    PAY_PER_REQUEST: 'initial throughput for OnDemand',
    PROVISIONED: `${low === 'ReadUnitsPerSecond' ? 'ReadCapacityUnits' : 'WriteCapacityUnits'} of ProvisionedThroughput`,
    CURRENT: 'current WarmThroughput, decreasing WarmThroughput is not supported',
  }
  throw invalidParameter(`Requested ${low} for WarmThroughput for ${spelled(subject)} is lower than ${than[by]}`)
}

function spelled({ index }: Subject): string {
  return index === undefined ? 'table' : `index ${index}`
}
