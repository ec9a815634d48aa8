/** Pods that are no longer wanted: first they are emptied, then they go, the last one first, and their volumes after them. */
import { isEmpty } from '../../dataplane/state.ts'
import { STATEFUL_SETS, VOLUME_CLAIMS } from '../../kube/kinds.ts'
import { nodeOf, ordinalOf } from '../../specs/names.ts'
import type { Pool } from '../../specs/pool.ts'
import type { Context } from '../context.ts'
import { volumesOf } from './volumes.ts'
import { type PoolRung, statefulSetOf } from './workload.ts'

const AGAIN_MS = 3000
const VOLUME_PREFIX = 'data-'

export const scale: PoolRung = async (pool, context) => {
  const { client, caches, records, clock, record } = context
  const present = statefulSetOf(pool, context)
  const replicas = present?.spec.replicas ?? 0
  for (let ordinal = 0; ordinal < pool.nodes; ordinal++) {
    const node = nodeOf(pool.id, ordinal)
    if (records.isDrainedHere(node)) await records.undrain(node)
  }
  if (!present || replicas <= pool.nodes) return dropVolumes(pool, replicas, context)
  for (let ordinal = pool.nodes; ordinal < replicas; ordinal++) {
    const node = nodeOf(pool.id, ordinal)
    if (records.isDrained(node)) continue
    await records.drain(node, clock.now())
    for (const table of pool.tables) record(table, 'Normal', 'Draining', `The storage node ${node} is being emptied.`)
  }
  const state = await context.state()
  let kept = replicas
  while (kept > pool.nodes && isEmpty(state, nodeOf(pool.id, kept - 1))) kept -= 1
  if (kept < replicas) {
    const { namespace, name, resourceVersion } = present.metadata
    const patch = { metadata: { namespace: namespace!, name, resourceVersion }, spec: { replicas: kept } }
    caches.statefulSets.put(await client.merge(STATEFUL_SETS, patch))
  }
  if (kept > pool.nodes)
    return { reason: 'Draining', message: `${kept - pool.nodes} storage pods are being emptied.`, againMs: AGAIN_MS }
  return dropVolumes(pool, kept, context)
}

/** Of pods that were emptied and have gone. */
async function dropVolumes(pool: Pool, replicas: number, context: Context): Promise<undefined> {
  const { client, caches, records } = context
  const beyond = volumesOf(pool, context).filter(({ metadata: { name, deletionTimestamp } }) => {
    const pod = name.slice(VOLUME_PREFIX.length)
    if (deletionTimestamp !== undefined || ordinalOf(pool.workload, pod) < Math.max(replicas, pool.nodes)) return false
    return (
      records.isDrainedHere(nodeOf(pool.id, ordinalOf(pool.workload, pod))) &&
      !caches.pods.get(`${pool.namespace}/${pod}`)
    )
  })
  if (beyond.length === 0) return undefined
  const state = await context.state()
  for (const volume of beyond) {
    const node = nodeOf(pool.id, ordinalOf(pool.workload, volume.metadata.name.slice(VOLUME_PREFIX.length)))
    if (!isEmpty(state, node)) continue
    await client.delete(VOLUME_CLAIMS, volume)
    await records.undrain(node)
  }
  return undefined
}
