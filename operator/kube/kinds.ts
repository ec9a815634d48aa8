/** Kinds of objects, and where the API server has them. */
import type {
  KubeObject,
  Lease,
  NetworkPolicy,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  Secret,
  Service,
  StatefulSet,
} from './objects.ts'

/** Names what is kept under it; `T` is of the type system alone. */
export type Kind<T extends KubeObject> = {
  /** `v1`, `apps/v1` ... */
  apiVersion: string
  kind: string
  plural: string
  readonly of?: T
}

function kind<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Kind<T> {
  return { apiVersion, kind, plural }
}

export const STATEFUL_SETS = kind<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets')
export const PODS = kind<Pod>('v1', 'Pod', 'pods')
export const SERVICES = kind<Service>('v1', 'Service', 'services')
export const VOLUME_CLAIMS = kind<PersistentVolumeClaim>('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims')
export const DISRUPTION_BUDGETS = kind<PodDisruptionBudget>('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets')
export const NETWORK_POLICIES = kind<NetworkPolicy>('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies')
export const SECRETS = kind<Secret>('v1', 'Secret', 'secrets')
export const LEASES = kind<Lease>('coordination.k8s.io/v1', 'Lease', 'leases')
export const EVENTS = kind<KubeObject>('events.k8s.io/v1', 'Event', 'events')

/** Of one object, or of all of them; without a namespace, of all namespaces. */
export function pathOf(kind: Kind<KubeObject>, namespace?: string, name?: string, subresource?: string): string {
  const parts = [kind.apiVersion.includes('/') ? '/apis' : '/api', kind.apiVersion]
  if (namespace !== undefined) parts.push('namespaces', encodeURIComponent(namespace))
  parts.push(kind.plural)
  if (name !== undefined) parts.push(encodeURIComponent(name))
  if (subresource !== undefined) parts.push(subresource)
  return parts.join('/')
}

/** `namespace/name`: what an object is called in caches and queues. */
export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

/** The namespace and the name of a key. */
export function partsOf(key: string): [namespace: string, name: string] {
  const slash = key.indexOf('/')
  return [key.slice(0, slash), key.slice(slash + 1)]
}
