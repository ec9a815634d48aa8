/** The metrics of triggers that this process runs, named after those of Lambda's event source mappings. */
import type { Definition } from './definition.ts'

export type TriggerSeries = {
  table: string
  functionName: string
  invocations: number
  errors: number
  throttles: number
  deadLetters: number
  iteratorAge: number
}

const LABELS = ['table', 'function']

export function triggerMetrics(series: () => TriggerSeries[]): Definition[] {
  const read = (value: (one: TriggerSeries) => number) => () =>
    series().map(one => ({ labels: { table: one.table, function: one.functionName }, value: value(one) }))
  const counter = (name: string, help: string, value: (one: TriggerSeries) => number): Definition => ({
    name,
    help,
    kind: 'counter',
    labels: LABELS,
    read: read(value),
  })
  return [
    {
      name: 'tavola_trigger_iterator_age_seconds',
      help: 'Age of the last record of a batch when the function was done with it, or of the first one that it has yet to take; of the shard that is the furthest behind.',
      kind: 'gauge',
      labels: LABELS,
      read: read(({ iteratorAge }) => iteratorAge / 1000),
    },
    counter('tavola_trigger_invocations_total', 'Invocations of functions by triggers.', one => one.invocations),
    counter('tavola_trigger_errors_total', 'Invocations that failed.', one => one.errors),
    counter('tavola_trigger_throttles_total', 'Invocations that the function had no room for.', one => one.throttles),
    counter('tavola_trigger_dead_letters_total', 'Change records that were given up.', one => one.deadLetters),
  ]
}
