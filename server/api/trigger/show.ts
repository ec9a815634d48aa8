/** A trigger, as the Lambda API shows an event source mapping. */
import { functionArnOf, streamArnOf } from '../../triggers/names.ts'
import type { TriggerRecord } from '../../triggers/records.ts'
import type { TriggerCall } from './operation.ts'

const SECOND = 1000
const NOTHING_YET = 'No records processed'

export async function showTrigger(record: TriggerRecord, call: TriggerCall): Promise<object> {
  const { id, settings, state, changedAt, functionName } = record
  const { limits, onFailure, filters, signing } = settings
  const place = { account: call.account, region: call.region }
  return {
    UUID: id,
    StartingPosition: settings.startingPosition,
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.batchingWindowSeconds,
    ParallelizationFactor: settings.parallelization,
    EventSourceArn: streamArnOf(place, record),
    FilterCriteria: filters.length === 0 ? undefined : { Filters: filters.map(Pattern => ({ Pattern })) },
    FunctionArn: functionArnOf(place, functionName),
    LastModified: changedAt / SECOND,
    LastProcessingResult: (await call.triggers.lastResult(id)) ?? NOTHING_YET,
    State: state,
    StateTransitionReason: 'User action',
    DestinationConfig: { OnFailure: onFailure === undefined ? {} : { Destination: onFailure } },
    MaximumRecordAgeInSeconds: settings.maximumAgeSeconds,
    BisectBatchOnFunctionError: settings.bisect,
    MaximumRetryAttempts: settings.maximumRetries,
    TumblingWindowInSeconds: settings.tumblingSeconds,
    FunctionResponseTypes: settings.reportsFailures ? ['ReportBatchItemFailures'] : [],
    EventSourceMappingArn: `arn:aws:lambda:${call.region}:${call.account}:event-source-mapping:${id}`,
    Limits:
      Object.values(limits).filter(limit => limit !== undefined).length === 0
        ? undefined
        : {
            MaximumConcurrency: limits.concurrency,
            InvocationsPerSecond: limits.perSecond,
            TimeoutInSeconds: limits.timeoutSeconds,
          },
    // The secret is for nobody to see.
    Signing: signing && { KeyId: signing.keyId },
  }
}
