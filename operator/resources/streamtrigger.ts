/** The custom resource StreamTrigger, as crds/streamtrigger.yaml has it. */
import type { Kind } from '../kube/kinds.ts'
import type { Condition, KubeObject } from '../kube/objects.ts'
import { API_VERSION } from './table.ts'

export type StreamTriggerSpec = {
  tableName: string
  target: string
  enabled: boolean
  startingPosition: 'TRIM_HORIZON' | 'LATEST'
  batchSize: number
  batchingWindowSeconds: number
  parallelizationFactor: number
  maximumRecordAgeSeconds: number
  maximumRetryAttempts: number
  bisectBatchOnFunctionError: boolean
  tumblingWindowSeconds: number
  reportBatchItemFailures: boolean
  filters?: string[]
  onFailure?: string
  limits?: { maximumConcurrency?: number; invocationsPerSecond?: number; timeoutSeconds?: number }
  signing?: { secretRef: { name: string } }
}

export type StreamTriggerStatus = {
  observedGeneration?: number
  conditions?: Condition[]
  /** Of the event source mapping. */
  uuid?: string
  streamArn?: string
  state?: string
  lag?: string
  lastResult?: string
}

export type StreamTrigger = KubeObject & { spec: StreamTriggerSpec; status?: StreamTriggerStatus }

export const STREAM_TRIGGERS: Kind<StreamTrigger> = {
  apiVersion: API_VERSION,
  kind: 'StreamTrigger',
  plural: 'streamtriggers',
}
