/** UpdateTable: stream, encryption, table class, deletion protection, on-demand ceilings and warm throughput. */
import { RETENTION_MS } from '../../../cluster/streamrecords.ts'
import { invalidParameter, validation } from '../../../model/errors.ts'
import { defineEncryption } from '../encryption.ts'
import { DAY, HOUR, SECOND, since, spelled, subscriberLimit } from '../limits.ts'
import { checkCeilings, effectiveCeilings, warm } from '../ondemand.ts'
import type { UpdateRequest } from '../request.ts'
import { streamLabel } from '../stream.ts'
import { type Change, type Context, done, updating } from './change.ts'

const MAX_CLASS_UPDATES = 2
const CLASS_WINDOW = 30 * DAY
const FREE_ENCRYPTION_CHANGES = 4
const ENCRYPTION_PAUSE = 6 * HOUR

export function changeStream(
  change: Change,
  { StreamSpecification: requested }: UpdateRequest,
  { now }: Context,
): Change {
  if (!requested) return change
  const { name, stream, latestStreamLabel, pastStreams = [] } = change.record
  if (requested.StreamEnabled) {
    if (stream) throw validation(`Table already has an enabled stream: TableName: ${name}`)
    const next = {
      stream: { viewType: requested.StreamViewType! },
      latestStreamLabel: streamLabel(now, latestStreamLabel),
    }
    return updating(change, 'STREAM', next, next)
  }
  if (!stream) throw validation(`Table has no stream to disable: TableName: ${name}`)
  const past = { label: latestStreamLabel!, viewType: stream.viewType, endedAt: now }
  const readable = pastStreams.filter(({ endedAt }) => endedAt > now - RETENTION_MS)
  return updating(change, 'STREAM', { stream: undefined, pastStreams: [...readable, past] })
}

export function changeEncryption(change: Change, request: UpdateRequest, { call, now }: Context): Change {
  const { SSESpecification: requested } = request
  if (!requested) return change
  const { record } = change
  const sse = defineEncryption(requested, call)
  if (!sse && !record.sse) throw invalidParameter('Table is already encrypted by default')
  const sameKey = sse?.keyArn === record.sse?.keyArn
  // By alias or id, a key that is the same already encrypts once more.
  if (sameKey && (requested.KMSMasterKeyId ?? 'arn:').startsWith('arn:')) {
    throw invalidParameter(
      'Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key',
    )
  }
  const changes = since(record.sseChanges, now - DAY)
  checkEncryptionChanges(changes, now)
  const next = { sse, sseChanges: [...changes, now] }
  // Encryption that goes is shown as it was.
  return sse
    ? done(change, next, 'ENCRYPTION')
    : { ...done(change, next), shown: { ...record, underWay: 'ENCRYPTION' } }
}

function checkEncryptionChanges(changes: number[], now: number): void {
  const last = changes.at(-1)
  if (changes.length < FREE_ENCRYPTION_CHANGES || last === undefined || now >= last + ENCRYPTION_PAUSE) return
  throw subscriberLimit(
    `Encryption mode changes are limited in the 24h window ending at ${spelled(now)}. After the first ${FREE_ENCRYPTION_CHANGES} change, each subsequent change in the same window can be performed at most once every ${ENCRYPTION_PAUSE / SECOND} seconds. Number of updates today: ${changes.length}. Last change at ${spelled(last)}. Next change can be made at ${spelled(last + ENCRYPTION_PAUSE)}`,
  )
}

export function changeTableClass(change: Change, { TableClass: requested }: UpdateRequest, { now }: Context): Change {
  const { tableClass } = change.record
  if (requested === undefined || requested === (tableClass?.class ?? 'STANDARD')) return change
  const updates = since(tableClass?.updates, now - CLASS_WINDOW)
  if (updates.length >= MAX_CLASS_UPDATES) {
    throw subscriberLimit(`Updates to TableClass are limited to ${MAX_CLASS_UPDATES} times in 30 day(s).`)
  }
  return updating(change, 'TABLE_CLASS', {
    tableClass: { class: requested, lastUpdate: now, updates: [...updates, now] },
  })
}

export function changeProtection(change: Change, { DeletionProtectionEnabled: enabled }: UpdateRequest): Change {
  return enabled === undefined ? change : done(change, { deletionProtection: enabled })
}

/** The response shows the `-1` that takes a ceiling away. */
export function changeCeilings(change: Change, { OnDemandThroughput: requested }: UpdateRequest): Change {
  if (!requested) return change
  const { billingMode, onDemandThroughput } = change.record
  checkCeilings(requested, billingMode, {}, 'UpdateTable')
  const ceilings = { ...onDemandThroughput, ...requested }
  const next = { onDemandThroughput: effectiveCeilings(ceilings) }
  const shown = { onDemandThroughput: ceilings }
  // Together with a switch of billing mode, it is the switch that takes the time.
  const isSwitching = billingMode !== change.shown.billingMode
  return updating(change, isSwitching ? 'BILLING_MODE' : 'ON_DEMAND', next, shown)
}

export function changeWarmth(change: Change, { WarmThroughput: requested }: UpdateRequest): Change {
  if (!requested) return change
  return done(change, { warmThroughput: warm(change.record.warmThroughput, requested, 'CURRENT', {}) }, 'WARMTH')
}
