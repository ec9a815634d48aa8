/** Metrics as Prometheus reads them. */
import { type Counter, collectDefaultMetrics, Registry } from 'prom-client'
import type { Histogram } from '../base/histogram.ts'
import type { Definition, Reading } from './definition.ts'

type Value = { metricName?: string; labels: Record<string, string | number>; value: number }

/** What is asked of a process is kept once, however many nodes run in it. */
let processRegistry: Registry | undefined

/** A registry of the definitions, and of the process's own metrics: memory, garbage collection, the event loop. */
export function registryOf(definitions: Definition[]): Registry {
  const registry = new Registry()
  for (const definition of definitions) registry.registerMetric(metricOf(definition))
  return Registry.merge([registry, (processRegistry ??= observeProcess())])
}

function observeProcess(): Registry {
  const register = new Registry()
  collectDefaultMetrics({ register })
  return register
}

/** All that a registry asks of a metric is `get`: no value is kept twice. */
function metricOf(definition: Definition): Counter {
  const { name, help, kind, labels = [] } = definition
  const get = async () => ({ name, help, type: kind, aggregator: 'sum', values: await valuesOf(definition) })
  return { name, help, type: kind, labelNames: labels, get } as unknown as Counter
}

async function valuesOf(definition: Definition): Promise<Value[]> {
  if (definition.kind === 'histogram') {
    const readings = [...(await definition.read())]
    return readings.flatMap(reading => bucketsOf(definition.name, reading))
  }
  return Array.from(await definition.read(), ({ labels = {}, value }) => ({ labels, value }))
}

/** Each bucket counts what is in those below it, too. */
function bucketsOf(name: string, { labels = {}, value: histogram }: Reading<Histogram>): Value[] {
  let sum = 0
  const buckets = histogram.counts.map((count, i) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: histogram.bounds[i] ?? '+Inf' },
    value: (sum += count),
  }))
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: histogram.count },
  ]
}
