/** The objects of a pool are made as they should be, and kept so. */
import { DISRUPTION_BUDGETS, type Kind, NETWORK_POLICIES, SERVICES, STATEFUL_SETS } from '../../kube/kinds.ts'
import type { KubeObject, StatefulSet } from '../../kube/objects.ts'
import type { Reflector } from '../../kube/reflector.ts'
import { type Pool, poolKey, withClaimsOf } from '../../specs/pool.ts'
import { storageManifests } from '../../specs/storage.ts'
import type { Context, Pause } from '../context.ts'

export type PoolRung = (pool: Pool, context: Context) => Promise<Pause | undefined>

/** What a pool is made of besides its StatefulSet. */
export const OTHERS: Kind<KubeObject>[] = [SERVICES, DISRUPTION_BUDGETS, NETWORK_POLICIES]

export function statefulSetOf(pool: Pool, { caches }: Context): StatefulSet | undefined {
  return caches.statefulSets.get(poolKey(pool))
}

export const workload: PoolRung = async (pool, context) => {
  const { client, caches, storage } = context
  const present = statefulSetOf(pool, context)
  if (present?.metadata.deletionTimestamp)
    return { reason: 'Replacing', message: 'The StatefulSet is going.', againMs: 500 }
  // More pods come at once; fewer only when the last ones are empty, see scale.ts.
  const replicas = Math.max(pool.nodes, present?.spec.replicas ?? 0)
  for (const manifest of storageManifests(withClaimsOf(pool, present), storage, replicas)) {
    const kind = [STATEFUL_SETS, ...OTHERS].find(({ kind }) => kind === manifest.kind)!
    const cache = cacheOf(kind, caches)
    const applied = await client.apply(kind, manifest, cache.get(poolKey(pool)))
    if (applied) cache.put(applied)
  }
  return undefined
}

function cacheOf(kind: Kind<KubeObject>, { statefulSets, others }: Context['caches']): Reflector<KubeObject> {
  return kind.kind === STATEFUL_SETS.kind ? (statefulSets as unknown as Reflector<KubeObject>) : others.get(kind.kind)!
}
