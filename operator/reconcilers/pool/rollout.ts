/** A new version of the pods: one at a time, and the next one only when the cluster itself says that nothing is missing. */
import { canSpare } from '../../dataplane/state.ts'
import { PODS } from '../../kube/kinds.ts'
import type { Pod } from '../../kube/objects.ts'
import { nodeOf, ordinalOf } from '../../specs/names.ts'
import type { Pool } from '../../specs/pool.ts'
import { WORKLOAD_LABEL } from '../../specs/storage.ts'
import type { Context } from '../context.ts'
import { type PoolRung, statefulSetOf } from './workload.ts'

const AGAIN_MS = 2000
const REVISION_LABEL = 'controller-revision-hash'

export const rollout: PoolRung = async (pool, context) => {
  const present = statefulSetOf(pool, context)
  const { updateRevision, observedGeneration } = present?.status ?? {}
  if (!present || updateRevision === undefined) return undefined
  // The controller has yet to see what was applied.
  if ((observedGeneration ?? 0) < (present.metadata.generation ?? 0))
    return { reason: 'RollingOut', message: 'The StatefulSet is being seen to.', againMs: 500 }
  const pods = podsOf(pool, context)
  const old = pods.filter(({ metadata }) => metadata.labels?.[REVISION_LABEL] !== updateRevision)
  if (old.length === 0) return undefined
  const message = `${old.length} of ${pods.length} storage pods are of an older version.`
  const pause = { reason: 'RollingOut', message, againMs: AGAIN_MS }
  const next = await nextOf(pool, pods, old, context)
  if (!next) return pause
  await context.client.delete(PODS, next)
  for (const table of pool.tables)
    context.record(table, 'Normal', 'RollingOut', `The pod ${next.metadata.name} is restarted.`)
  return pause
}

/** The pod that may go now; undefined if none may. */
async function nextOf(pool: Pool, pods: Pod[], old: Pod[], context: Context): Promise<Pod | undefined> {
  if (pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return undefined
  const broken = pods.filter(pod => !isReady(pod))
  // A roll-out may be what mends a pod; but only if no other one is missing, too.
  if (broken.length > 0) return broken.length === 1 && old.includes(broken[0]!) ? broken[0] : undefined
  const expected = statefulSetOf(pool, context)?.spec.replicas ?? 0
  if (pods.length < expected) return undefined
  const state = await context.state()
  const missing = pods.some(pod => !state.nodes.some(({ name, live }) => live && name === nodeName(pool, pod)))
  if (missing) return undefined
  const last = old.sort((a, b) => ordinal(pool, b) - ordinal(pool, a))[0]!
  return canSpare(state, nodeName(pool, last)) ? last : undefined
}

export function podsOf({ namespace, workload }: Pool, { caches }: Context): Pod[] {
  return caches.pods
    .list()
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[WORKLOAD_LABEL] === workload)
}

function nodeName(pool: Pool, pod: Pod): string {
  return nodeOf(pool.id, ordinal(pool, pod))
}

function ordinal({ workload }: Pool, { metadata }: Pod): number {
  return ordinalOf(workload, metadata.name)
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
