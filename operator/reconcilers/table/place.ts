/** Where a table is to be: the wish for the cluster, and pods to hold it. */
import { liveNodes } from '../../dataplane/state.ts'
import { isPlaced, placementOf, poolKey } from '../../specs/pool.ts'
import type { Rung } from './work.ts'

const AGAIN_MS = 2000

export const placement: Rung = async ({ table, name, pool, record }, { records, lookAtPool }) => {
  lookAtPool(poolKey(pool))
  const present = records.placement(name)
  const wish = placementOf(table, pool)
  // How many partitions there are is decided when the table is made.
  const partitions = record && present ? present.partitions : (record?.partitions.length ?? wish.partitions)
  if (isPlaced(present, wish) && present?.partitions === partitions) return undefined
  if (await records.setPlacement(name, { ...wish, partitions })) return undefined
  return { reason: 'Placing', message: 'Where the table is to be is being written down.', againMs: 100 }
}

/** A table is not made before there are enough nodes for it: its partitions would lie where they should not. */
export const capacity: Rung = async ({ table, pool, record }, { state }) => {
  if (record) return undefined
  const live = liveNodes(await state(), pool.id)
  const needed = Math.min(table.spec.replicas, pool.nodes)
  if (live.length >= needed) return undefined
  return {
    reason: 'WaitingForPods',
    message: `${live.length} of ${needed} storage pods serve.`,
    againMs: AGAIN_MS,
  }
}
