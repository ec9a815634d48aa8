/** The metrics of the process: memory, garbage collection, the event loop. */
import { collectDefaultMetrics, Registry } from 'prom-client'

let registry: Registry | undefined

/** In the text format of Prometheus. Kept once, from the first call on, however many nodes run in the process. */
export function processText(): Promise<string> {
  if (registry === undefined) collectDefaultMetrics({ register: (registry = new Registry()) })
  return registry.metrics()
}
