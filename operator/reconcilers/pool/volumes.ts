/** Volumes grow when `storage.size` does. A StatefulSet's own template can't be changed: it is made anew, and keeps its pods. */
import { isRefused } from '../../kube/errors.ts'
import { STATEFUL_SETS, VOLUME_CLAIMS } from '../../kube/kinds.ts'
import type { PersistentVolumeClaim } from '../../kube/objects.ts'
import { bytesOf } from '../../kube/quantity.ts'
import type { Pool } from '../../specs/pool.ts'
import { WORKLOAD_LABEL } from '../../specs/storage.ts'
import type { Context } from '../context.ts'
import { type PoolRung, statefulSetOf } from './workload.ts'

const AGAIN_MS = 500
const LATER_MS = 60_000

export const volumes: PoolRung = async (pool, context) => {
  const { client, caches, record, logger } = context
  const wanted = bytesOf(pool.size)
  for (const claim of volumesOf(pool, context)) {
    if (!(sizeOf(claim.spec.resources?.requests) < wanted)) continue
    const { namespace, name } = claim.metadata
    try {
      const patch = { metadata: { namespace, name }, spec: { resources: { requests: { storage: pool.size } } } }
      caches.volumes.put(await client.merge(VOLUME_CLAIMS, patch))
      logger.info({ volume: name, size: pool.size }, 'a volume grows')
    } catch (error) {
      if (!isRefused(error)) throw error
      const message = `The volume ${name} can't grow to ${pool.size}: ${(error as Error).message}`
      for (const table of pool.tables) record(table, 'Warning', 'VolumeNotGrown', message)
      return { reason: 'VolumeNotGrown', message, againMs: LATER_MS, isTrouble: true }
    }
  }
  const present = statefulSetOf(pool, context)
  const template = present?.spec.volumeClaimTemplates?.[0]?.spec?.resources?.requests
  if (!present || present.metadata.deletionTimestamp || !(sizeOf(template) < wanted)) return undefined
  await client.delete(STATEFUL_SETS, present, 'Orphan')
  return { reason: 'Replacing', message: 'The StatefulSet is made anew, for larger volumes.', againMs: AGAIN_MS }
}

export function volumesOf({ namespace, workload }: Pool, { caches }: Context): PersistentVolumeClaim[] {
  return caches.volumes
    .list()
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[WORKLOAD_LABEL] === workload)
}

function sizeOf(requests: { [resource: string]: string } | undefined): number {
  return bytesOf(requests?.storage ?? '')
}
