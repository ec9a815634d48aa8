/** Pods that no table uses any more go, with their volumes; but not before the cluster says that nothing is on them. */
import { isEmpty } from '../../dataplane/state.ts'
import { STATEFUL_SETS, VOLUME_CLAIMS } from '../../kube/kinds.ts'
import type { Table } from '../../resources/table.ts'
import { DEFAULT_POOL, nodeOf } from '../../specs/names.ts'
import { type Pool, poolKey } from '../../specs/pool.ts'
import type { Context, Pause } from '../context.ts'
import { podsOf } from './rollout.ts'
import { volumesOf } from './volumes.ts'
import { OTHERS, statefulSetOf } from './workload.ts'

const AGAIN_MS = 2000

/** `leaving`: the table that goes. A pause as long as something is left of the pool that should not be. */
export async function removePool(pool: Pool, leaving: Table, context: Context): Promise<Pause | undefined> {
  const { client, caches, records, clock } = context
  const isUsed = pool.tables.some(({ metadata }) => metadata.uid !== leaving.metadata.uid)
  // Tables that were retained use it as well, though no resource says so.
  if (isUsed || pool.id === DEFAULT_POOL || records.placements().some(placement => placement.pool === pool.id))
    return undefined
  const present = statefulSetOf(pool, context)
  const volumes = volumesOf(pool, context)
  const nodes = nodesOf(pool, present?.spec.replicas ?? 0, volumes.length)
  if (present && !present.metadata.deletionTimestamp) {
    // A deleted table's stream can be read for a day: what is left of it moves to the default pool, if there is one.
    for (const node of nodes) if (!records.isDrained(node)) await records.drain(node, clock.now())
    const state = await context.state()
    const full = nodes.filter(node => !isEmpty(state, node))
    if (full.length > 0) {
      const message = `${full.length} storage pods are being emptied: what remains of the table's stream can be read for a day.`
      return { reason: 'Draining', message, againMs: AGAIN_MS }
    }
    await client.delete(STATEFUL_SETS, present)
  }
  for (const kind of OTHERS) {
    const object = caches.others.get(kind.kind)?.get(poolKey(pool))
    if (object && !object.metadata.deletionTimestamp) await client.delete(kind, object)
  }
  for (const volume of volumes) if (!volume.metadata.deletionTimestamp) await client.delete(VOLUME_CLAIMS, volume)
  const left = podsOf(pool, context).length
  if (left > 0 || present) return { reason: 'Deleting', message: `${left} storage pods are going.`, againMs: AGAIN_MS }
  for (const node of nodes) if (records.isDrainedHere(node)) await records.undrain(node)
  return undefined
}

function nodesOf(pool: Pool, replicas: number, volumes: number): string[] {
  const count = Math.max(replicas, pool.nodes, volumes)
  return Array.from({ length: count }, (_, ordinal) => nodeOf(pool.id, ordinal))
}
