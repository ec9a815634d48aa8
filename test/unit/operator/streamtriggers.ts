/** StreamTriggers for tests, as the API server answers them with its defaults. */
import type { StreamTrigger, StreamTriggerSpec } from '../../../operator/resources/streamtrigger.ts'

export function triggerOf(name: string, spec: Partial<StreamTriggerSpec> = {}, metadata: object = {}): StreamTrigger {
  return {
    apiVersion: 'tavola.dev/v1alpha1',
    kind: 'StreamTrigger',
    metadata: { name, namespace: 'shop', uid: `uid of ${name}`, generation: 1, creationTimestamp: '', ...metadata },
    spec: {
      tableName: 'Orders',
      target: 'http://127.0.0.1/hook',
      enabled: true,
      startingPosition: 'LATEST',
      batchSize: 100,
      batchingWindowSeconds: 0,
      parallelizationFactor: 1,
      maximumRecordAgeSeconds: -1,
      maximumRetryAttempts: -1,
      bisectBatchOnFunctionError: false,
      tumblingWindowSeconds: 0,
      reportBatchItemFailures: false,
      ...spec,
    },
  }
}
