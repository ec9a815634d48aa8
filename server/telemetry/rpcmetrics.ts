/** The metrics of calls between the cluster's processes. */
import type { Definition } from './definition.ts'

/** Calls that this process waits for. */
export function askingMetrics(client: { readonly calls: number }): Definition[] {
  return [
    {
      name: 'tavola_rpc_calls_waiting',
      help: "Calls of other nodes' partitions that have no answer yet.",
      kind: 'gauge',
      read: () => [{ value: client.calls }],
    },
  ]
}

export function answeringMetrics(server: { connections(): number }): Definition[] {
  return [
    {
      name: 'tavola_rpc_connections',
      help: 'Connections of other processes that ask for partitions here.',
      kind: 'gauge',
      read: () => [{ value: server.connections() }],
    },
  ]
}
