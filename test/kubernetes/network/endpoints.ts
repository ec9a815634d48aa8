/** Services and where they lead, as the API server says. */
import type { Client } from '../client.ts'
import { follow, type Watcher } from '../follow.ts'
import type { EndpointSlice, Service } from '../objects.ts'

export type Endpoint = { address: string; hostname?: string; ports: { name?: string; port: number }[] }

export type Endpoints = {
  service(namespace: string, name: string): Service | undefined
  /** Those that are ready, or are to be asked as if they were. */
  ready(namespace: string, service: string): Endpoint[]
}

const SERVICE_LABEL = 'kubernetes.io/service-name'

/** The watcher is told of services. */
export async function followEndpoints(client: Client, watcher: Required<Watcher<Service>>): Promise<Endpoints> {
  const services = await follow<Service>(client, '/api/v1/services', watcher)
  const slices = await follow<EndpointSlice>(client, '/apis/discovery.k8s.io/v1/endpointslices', { changed: () => {} })
  return {
    service: (namespace, name) =>
      [...services.objects.values()].find(({ metadata }) => metadata.name === name && metadata.namespace === namespace),
    ready: (namespace, service) =>
      [...slices.objects.values()]
        .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === service)
        .flatMap(slice => readyOf(slice)),
  }
}

function readyOf({ endpoints, ports }: EndpointSlice): Endpoint[] {
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ addresses, hostname }) => ({ address: addresses[0]!, hostname, ports: ports ?? [] }))
}
