/** What is measured of the operator. */
import type { Definition } from '../server/telemetry/definition.ts'

type Measured = { readonly waiting: number; readonly counts: { reconciled: number; failed: number } }

export function operatorMetrics(work: Measured, isElected: () => boolean): Definition[] {
  return [
    {
      name: 'tavola_operator_elected',
      help: '1 for the operator that works, 0 for those that wait.',
      kind: 'gauge',
      read: () => [{ value: isElected() ? 1 : 0 }],
    },
    {
      name: 'tavola_operator_queue_length',
      help: 'Resources that wait to be seen to, or just are.',
      kind: 'gauge',
      read: () => [{ value: work.waiting }],
    },
    {
      name: 'tavola_operator_reconciles_total',
      help: 'How often a resource was seen to.',
      kind: 'counter',
      read: () => [{ value: work.counts.reconciled }],
    },
    {
      name: 'tavola_operator_failures_total',
      help: 'How often that failed, and is tried again.',
      kind: 'counter',
      read: () => [{ value: work.counts.failed }],
    },
  ]
}
