/** The ladder of a pool: its objects, its volumes, its size, and its roll-outs. */
import { partsOf } from '../../kube/kinds.ts'
import { poolOf } from '../../specs/pool.ts'
import { countingTables } from '../claims.ts'
import type { Context, Pause } from '../context.ts'
import { rollout } from './rollout.ts'
import { scale } from './scale.ts'
import { volumes } from './volumes.ts'
import { type PoolRung, workload } from './workload.ts'

const RUNGS: PoolRung[] = [volumes, workload, scale, rollout]

/** Answers when to look again, in milliseconds. Errors: KubeError; MetadataUnavailable; ApiError. */
export async function reconcilePool(key: string, context: Context): Promise<number | undefined> {
  const [namespace, name] = partsOf(key)
  const pool = poolOf(countingTables(context), namespace, name, context.usual)
  if (!pool || pool.isPaused) return undefined
  // Who leaves takes the pods along; see removal.ts.
  const leave = pool.tables.length > 0 && pool.tables.every(({ metadata }) => metadata.deletionTimestamp !== undefined)
  if (leave) return undefined
  let pause: Pause | undefined
  for (const rung of RUNGS) if ((pause = await rung(pool, context))) break
  const before = context.pauses.get(key)
  if (pause) context.pauses.set(key, pause)
  else context.pauses.delete(key)
  // Its tables show it.
  if (before?.reason !== pause?.reason || before?.message !== pause?.message) context.lookAtTables(key)
  return pause?.againMs
}
