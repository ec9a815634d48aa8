/**
 * The settings of a table in one form, whether they come from the resource or from the table itself, so that the two can be
 * compared. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { canonicalPolicy } from '../../server/api/policy/document.ts'
import type { GlobalIndexRecord, ProvisionedThroughput, TableRecord } from '../../server/model/table.ts'
import type { GlobalIndex, KeyElement, TableSpec } from '../resources/table.ts'

export type Ceilings = { read: number; write: number }
export type Billing =
  | { mode: 'PROVISIONED'; read: number; write: number }
  | { mode: 'PAY_PER_REQUEST'; ceilings: Ceilings }

export type IndexSetting = {
  keys: string[]
  projection: string
  include: string[]
  throughput: { read: number; write: number } | null
  ceilings: Ceilings
}

/** Null where there is none. Indexes are settings of their own, named `index:` and their name. */
export type Normal = {
  billing: Billing
  tableClass: string
  deletionProtection: boolean
  stream: string | null
  encryption: { key: string | null } | null
  timeToLive: string | null
  tags: [key: string, value: string][]
  policy: string | null
  /** Days that can be recovered. */
  recovery: number | null
  insights: boolean
  [index: `index:${string}`]: IndexSetting | undefined
}

export type Setting = keyof Normal

const NO_CEILINGS: Ceilings = { read: -1, write: -1 }
const RECOVERY_DAYS = 35

/** What holds where a resource says nothing. */
const DEFAULTS: Normal = {
  billing: { mode: 'PAY_PER_REQUEST', ceilings: NO_CEILINGS },
  tableClass: 'STANDARD',
  deletionProtection: false,
  stream: null,
  encryption: null,
  timeToLive: null,
  tags: [],
  policy: null,
  recovery: null,
  insights: false,
}

/** What the resource says. `given` names what it says itself; the rest are defaults. */
export function wishedSettings(spec: TableSpec): { normal: Normal; given: Set<Setting> } {
  const said: Partial<Normal> = {}
  if (spec.billingMode ?? spec.provisionedThroughput ?? spec.onDemandThroughput) said.billing = wishedBilling(spec)
  if (spec.tableClass) said.tableClass = spec.tableClass
  if (spec.deletionProtectionEnabled !== undefined) said.deletionProtection = spec.deletionProtectionEnabled
  const { streamSpecification: stream, sseSpecification: sse, timeToLive, continuousBackups: backups } = spec
  if (stream) said.stream = stream.streamEnabled ? (stream.streamViewType ?? null) : null
  if (sse) said.encryption = sse.enabled ? { key: sse.kmsMasterKeyID ?? null } : null
  if (timeToLive) said.timeToLive = timeToLive.enabled ? (timeToLive.attributeName ?? null) : null
  if (spec.tags) said.tags = inOrder(spec.tags.map(({ key, value = '' }) => [key, value]))
  if (spec.resourcePolicy !== undefined)
    said.policy = spec.resourcePolicy === '' ? null : canonical(spec.resourcePolicy)
  if (backups)
    said.recovery = backups.pointInTimeRecoveryEnabled ? (backups.recoveryPeriodInDays ?? RECOVERY_DAYS) : null
  if (spec.contributorInsights) said.insights = spec.contributorInsights === 'ENABLE'
  const billing = said.billing ?? DEFAULTS.billing
  for (const index of spec.globalSecondaryIndexes ?? []) said[`index:${index.indexName}`] = wishedIndex(index, billing)
  return { normal: { ...DEFAULTS, ...said }, given: new Set(Object.keys(said) as Setting[]) }
}

/** What the table has. */
export function actualSettings(record: TableRecord): Normal {
  const { billingMode: mode, onDemandThroughput: limits, tags, timeToLive, resourcePolicy } = record
  const { read, write } = record.throughput
  const normal: Normal = {
    billing: mode === 'PROVISIONED' ? { mode, read, write } : { mode, ceilings: ceilings(limits) },
    tableClass: record.tableClass?.class ?? 'STANDARD',
    deletionProtection: record.deletionProtection,
    stream: record.stream?.viewType ?? null,
    encryption: record.sse ? { key: record.sse.keyArn } : null,
    timeToLive: timeToLive?.enabled ? timeToLive.attribute : null,
    tags: inOrder(tags.map(({ Key, Value }) => [Key, Value])),
    policy: resourcePolicy?.document ?? null,
    recovery: record.pointInTimeRecovery?.days ?? null,
    insights: record.contributorInsights?.enabled ?? false,
  }
  for (const index of record.globalIndexes)
    if (index.status !== 'DELETING') normal[`index:${index.name}`] = actualIndex(index, mode)
  return normal
}

/** Do they come to the same? A key that the service chose itself is as good as any. */
export function isSame(setting: Setting, a: unknown, b: unknown): boolean {
  if (setting !== 'encryption' || !a || !b) return isDeepStrictEqual(a, b)
  const [left, right] = [(a as { key: string | null }).key, (b as { key: string | null }).key]
  return left === null || right === null || left === right || right.endsWith(`/${left}`) || left.endsWith(`/${right}`)
}

function wishedBilling({ billingMode, provisionedThroughput, onDemandThroughput }: TableSpec): Billing {
  const mode = billingMode ?? (provisionedThroughput ? 'PROVISIONED' : 'PAY_PER_REQUEST')
  if (mode === 'PAY_PER_REQUEST') {
    const { maxReadRequestUnits, maxWriteRequestUnits } = onDemandThroughput ?? {}
    return {
      mode,
      ceilings: ceilings({ MaxReadRequestUnits: maxReadRequestUnits, MaxWriteRequestUnits: maxWriteRequestUnits }),
    }
  }
  return { mode, ...unitsOf(provisionedThroughput) }
}

function wishedIndex({ keySchema, projection, ...index }: GlobalIndex, billing: Billing): IndexSetting {
  const { provisionedThroughput, onDemandThroughput: limits } = index
  const usual = billing.mode === 'PROVISIONED' ? { read: billing.read, write: billing.write } : null
  return {
    keys: keysOf(keySchema),
    projection: projection.projectionType ?? 'ALL',
    include: [...(projection.nonKeyAttributes ?? [])].sort(),
    throughput: usual && (provisionedThroughput ? unitsOf(provisionedThroughput) : usual),
    ceilings: ceilings({
      MaxReadRequestUnits: limits?.maxReadRequestUnits,
      MaxWriteRequestUnits: limits?.maxWriteRequestUnits,
    }),
  }
}

function actualIndex(index: GlobalIndexRecord, mode: TableRecord['billingMode']): IndexSetting {
  return {
    keys: index.keySchema.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`),
    projection: index.projection.ProjectionType,
    include: [...(index.projection.NonKeyAttributes ?? [])].sort(),
    throughput: mode === 'PROVISIONED' ? { read: index.throughput.read, write: index.throughput.write } : null,
    ceilings: ceilings(index.onDemandThroughput),
  }
}

function keysOf(schema: KeyElement[]): string[] {
  return schema.map(({ attributeName, keyType }) => `${keyType} ${attributeName}`)
}

function unitsOf(given: TableSpec['provisionedThroughput']): Pick<ProvisionedThroughput, 'read' | 'write'> {
  return { read: given?.readCapacityUnits ?? 1, write: given?.writeCapacityUnits ?? 1 }
}

function ceilings(given: TableRecord['onDemandThroughput']): Ceilings {
  return { read: given?.MaxReadRequestUnits ?? -1, write: given?.MaxWriteRequestUnits ?? -1 }
}

function inOrder(tags: [string, string][]): [string, string][] {
  return tags.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** One that is none is sent as it is, and refused. */
function canonical(policy: string): string {
  try {
    return canonicalPolicy(policy)
  } catch {
    return policy
  }
}
