/** Resources that stay until what they stand for is taken care of. Errors: KubeError. */
import type { KubeClient } from '../kube/client.ts'
import type { Kind } from '../kube/kinds.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Reflector } from '../kube/reflector.ts'
import { FINALIZER } from '../resources/table.ts'

/** The resource as it is then. */
export async function hold<T extends KubeObject>(
  kind: Kind<T>,
  object: T,
  cache: Reflector<T>,
  client: KubeClient,
): Promise<T> {
  const { namespace, name, resourceVersion, finalizers = [] } = object.metadata
  if (finalizers.includes(FINALIZER)) return object
  const metadata = { namespace, name, resourceVersion, finalizers: [...finalizers, FINALIZER] }
  const held = await client.merge(kind, { metadata })
  cache.put(held)
  return held
}

export function isHeld({ metadata }: KubeObject): boolean {
  return metadata.finalizers?.includes(FINALIZER) ?? false
}

export async function release<T extends KubeObject>(kind: Kind<T>, object: T, client: KubeClient): Promise<void> {
  const { namespace, name, resourceVersion, finalizers = [] } = object.metadata
  const left = finalizers.filter(finalizer => finalizer !== FINALIZER)
  await client.merge(kind, { metadata: { namespace, name, resourceVersion, finalizers: left } })
}
