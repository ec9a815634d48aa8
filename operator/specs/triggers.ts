/** From a StreamTrigger to its event source mapping: what the Lambda API is asked, and what there is to be told. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Signing, TriggerRecord, TriggerSettings } from '../../server/triggers/records.ts'
import type { Secret } from '../kube/objects.ts'
import type { StreamTrigger, StreamTriggerSpec } from '../resources/streamtrigger.ts'

/** What a mapping should be; where it began is settled. */
export type WishedTrigger = Pick<TriggerRecord, 'functionName' | 'enabled'> & {
  settings: Omit<TriggerSettings, 'startingPosition'>
}

const KEY_ID = 'tavola'

export function wishedTrigger(spec: StreamTriggerSpec, signing: Signing | undefined): WishedTrigger {
  const { maximumConcurrency: concurrency, invocationsPerSecond: perSecond, timeoutSeconds } = spec.limits ?? {}
  return {
    functionName: spec.target,
    enabled: spec.enabled,
    settings: {
      batchSize: spec.batchSize,
      batchingWindowSeconds: spec.batchingWindowSeconds,
      parallelization: spec.parallelizationFactor,
      maximumAgeSeconds: spec.maximumRecordAgeSeconds,
      maximumRetries: spec.maximumRetryAttempts,
      bisect: spec.bisectBatchOnFunctionError,
      tumblingSeconds: spec.tumblingWindowSeconds,
      reportsFailures: spec.reportBatchItemFailures,
      filters: spec.filters ?? [],
      // As the API takes it: an empty one is none.
      onFailure: spec.onFailure === '' ? undefined : spec.onFailure,
      limits: { concurrency, perSecond, timeoutSeconds },
      signing,
    },
  }
}

export function isAsWished(record: TriggerRecord, { functionName, enabled, settings: wished }: WishedTrigger): boolean {
  const { startingPosition: _, ...settings } = record.settings
  const plain = (value: object) => JSON.parse(JSON.stringify(value))
  return (
    record.functionName === functionName &&
    record.enabled === enabled &&
    isDeepStrictEqual(plain(settings), plain(wished))
  )
}

/** Of UpdateEventSourceMapping, and with a stream and where to begin of CreateEventSourceMapping: all of it, so that nothing stays. */
export function mappingInput({ functionName, enabled, settings }: WishedTrigger): object {
  const { limits, onFailure, signing } = settings
  return {
    FunctionName: functionName,
    Enabled: enabled,
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.batchingWindowSeconds,
    ParallelizationFactor: settings.parallelization,
    MaximumRecordAgeInSeconds: settings.maximumAgeSeconds,
    MaximumRetryAttempts: settings.maximumRetries,
    BisectBatchOnFunctionError: settings.bisect,
    TumblingWindowInSeconds: settings.tumblingSeconds,
    FunctionResponseTypes: settings.reportsFailures ? ['ReportBatchItemFailures'] : [],
    FilterCriteria: { Filters: settings.filters.map(Pattern => ({ Pattern })) },
    DestinationConfig: { OnFailure: onFailure === undefined ? {} : { Destination: onFailure } },
    Limits: {
      MaximumConcurrency: limits.concurrency,
      InvocationsPerSecond: limits.perSecond,
      TimeoutInSeconds: limits.timeoutSeconds,
    },
    Signing: signing ? { KeyId: signing.keyId, Secret: signing.secret } : {},
  }
}

/** Undefined if the Secret does not have `secret`; `keyId` need not be there. */
export function signingOf({ data = {} }: Secret): Signing | undefined {
  const text = (name: string) => {
    const encoded = Object.hasOwn(data, name) ? data[name] : undefined
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString()
  }
  const secret = text('secret')
  return secret ? { keyId: text('keyId') || KEY_ID, secret } : undefined
}

/**
 * Whether another one has the mapping of this table and target: the one whose mapping it is already, or the oldest. There is one
 * for each function and stream. `owned`: the uuid of the mapping, if there is one.
 */
export function rivalOf(
  trigger: StreamTrigger,
  all: StreamTrigger[],
  owned: string | undefined,
): StreamTrigger | undefined {
  const { tableName, target } = trigger.spec
  const holds = ({ status }: StreamTrigger) => owned !== undefined && status?.uuid === owned
  if (holds(trigger)) return undefined
  const rivals = all.filter(
    ({ metadata, spec }) =>
      metadata.uid !== trigger.metadata.uid && spec.tableName === tableName && spec.target === target,
  )
  return rivals.find(holds) ?? rivals.find(rival => ageOf(rival) < ageOf(trigger))
}

function ageOf({ metadata }: StreamTrigger): string {
  return `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`
}
