/** What the metadata says of triggers: their records, how far they are with each shard, and who runs what. */
import type { Realm } from '../cluster/records.ts'

export type TriggerState = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting'

/** Those of a Lambda event source mapping (facts, section 5.4). Numbers of -1 have no limit. */
export type TriggerSettings = {
  startingPosition: 'TRIM_HORIZON' | 'LATEST'
  batchSize: number
  batchingWindowSeconds: number
  /** Lanes of a shard, by the hash of the partition key. */
  parallelization: number
  maximumAgeSeconds: number
  maximumRetries: number
  bisect: boolean
  /** 0 for none. */
  tumblingSeconds: number
  reportsFailures: boolean
  /** Texts of patterns; a record that matches any of them is delivered. None: all are. */
  filters: string[]
  /** Where what could not be delivered is told; see targets.ts. */
  onFailure?: string
  limits: TriggerLimits
  /** Signs what is sent, instead of the server's own. */
  signing?: Signing
}

export type Signing = { keyId: string; secret: string }

export type TriggerLimits = {
  /** Invocations at once, and begun within a second, by all processes together. */
  concurrency?: number
  perSecond?: number
  /** After which an invocation has failed. */
  timeoutSeconds?: number
}

export type TriggerRecord = {
  /** UUID. */
  id: string
  /** Name and label of the stream. */
  table: string
  label: string
  /** Names the target, see targets.ts; as it was given. */
  functionName: string
  enabled: boolean
  state: TriggerState
  /** Epoch milliseconds. */
  changedAt: number
  settings: TriggerSettings
}

/** A tumbling window that has begun. `start`: epoch milliseconds. `state`: JSON text, as the function returned it. */
export type OpenWindow = { start: number; state: string }

/** `from`: all changes with a lesser number are done with; decimal. */
export type LaneCheckpoint = {
  from: string
  window?: OpenWindow
  /** The shard is closed, and all of it is done with. */
  ended?: boolean
  /** When the oldest change was made that is being delivered just now; epoch milliseconds. */
  waitingSince?: number
}

/** Of one shard; the lanes are those of the settings at that time. */
export type Checkpoint = {
  lanes: LaneCheckpoint[]
  /** What became of the last batch, and when. */
  result?: { text: string; time: number }
}

/** Processes that run triggers, each bound to its lease, whose id is its name. */
export const RUNNERS = 'runners/'
/** Who runs which shard of which trigger: bound to the lease. */
export const RUNNING = 'running/'
const CHECKPOINTS = 'checkpoints/'

export function triggersPrefix({ account, region }: Realm): string {
  return `triggers/${account}/${region}/`
}

export function triggerKey(realm: Realm, id: string): string {
  return triggersPrefix(realm) + id
}

/** The id of the trigger that this function has on this stream: one at most. */
export function triggerNameKey(
  { account, region }: Realm,
  trigger: Pick<TriggerRecord, 'table' | 'label' | 'functionName'>,
): string {
  const { table, label, functionName } = trigger
  return `trigger-names/${account}/${region}/${table}/${label}/${functionName}`
}

/** Of the key of a trigger's record. */
export function realmOf(key: string): Realm {
  const [, account = '', region = ''] = key.split('/')
  return { account, region }
}

export function runnerKey(lease: string): string {
  return RUNNERS + lease
}

/** `shard`: absent for a prefix of all. */
export function runningKey(trigger: string, shard = ''): string {
  return `${RUNNING}${trigger}/${shard}`
}

/** The same. */
export function checkpointKey(trigger: string, shard = ''): string {
  return `${CHECKPOINTS}${trigger}/${shard}`
}
