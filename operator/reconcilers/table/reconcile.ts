/** The ladder of a Table. */
import type { Logger } from '../../../server/base/logger.ts'
import { ApiError } from '../../dataplane/api.ts'
import type { Context, Pause } from '../context.ts'
import { claim, finalizer } from './claim.ts'
import { farewell } from './farewell.ts'
import { make, ready } from './make.ts'
import { capacity, placement } from './place.ts'
import { settle } from './settle.ts'
import { report } from './status.ts'
import { type Rung, type TableWork, workOf } from './work.ts'

const RUNGS: Rung[] = [finalizer, claim, placement, capacity, make, ready, settle]

/** Items and sizes change without anybody being told. */
const REFRESH_MS = 300_000
const NO_ANSWER_MS = 5000

/** Answers when to look again, in milliseconds. Errors: KubeError; MetadataUnavailable; what is not expected. */
export async function reconcileTable(key: string, context: Context): Promise<number | undefined> {
  const table = context.caches.tables.get(key)
  if (!table) return undefined
  const work = workOf(table, context)
  if (table.metadata.deletionTimestamp !== undefined) {
    const pause = await unanswered(farewell(work, context), context.logger)
    const isLeft = work.table.metadata.finalizers?.length
    if (pause && isLeft) await report(work, context, pause)
    return pause?.againMs
  }
  const pause = table.spec.paused ? watched(work, context) : await climb(work, context)
  await report(work, context, pause)
  return pause?.againMs ?? REFRESH_MS * (0.75 + Math.random() / 2)
}

async function climb(work: TableWork, context: Context): Promise<Pause | undefined> {
  for (const rung of RUNGS) {
    const pause = await unanswered(rung(work, context), context.logger)
    if (pause) return pause
  }
  return undefined
}

/** Of a paused resource only the status is kept. */
function watched(work: TableWork, { records }: Context): undefined {
  work.record = records.table(work.name)
}

/** That no server answers is worth a condition: it is the first thing a person wants to know. */
async function unanswered(climbing: Promise<Pause | undefined>, logger: Logger): Promise<Pause | undefined> {
  try {
    return await climbing
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    logger.warn({ err: error }, 'a table could not be seen to')
    return { reason: 'NoAnswer', message: error.message, againMs: NO_ANSWER_MS, isTrouble: true }
  }
}
