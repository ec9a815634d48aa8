/** A StreamTrigger: an event source mapping on its table's stream, which is as the resource says. */
import { ApiError } from '../../dataplane/api.ts'
import { STREAM_TRIGGERS, type StreamTrigger } from '../../resources/streamtrigger.ts'
import type { Context, Pause } from '../context.ts'
import { hold, isHeld, release } from '../finalizer.ts'
import { settle } from './settle.ts'
import { report } from './status.ts'
import { mappingOf, removeMapping, type TriggerWork } from './work.ts'

/** How far it is changes without anybody being told. */
const REFRESH_MS = 10_000
const NO_ANSWER_MS = 5000
const AGAIN_MS = 500

/** Answers when to look again, in milliseconds. Errors: KubeError; MetadataUnavailable; ApiError, of one that is deleted. */
export async function reconcileTrigger(key: string, context: Context): Promise<number | undefined> {
  const trigger = context.caches.triggers.get(key)
  if (!trigger) return undefined
  if (trigger.metadata.deletionTimestamp !== undefined) return letGo(trigger, context)
  const held = await hold(STREAM_TRIGGERS, trigger, context.caches.triggers, context.client)
  const work: TriggerWork = { trigger: held, mapping: mappingOf(held, context) }
  const pause = await answered(settle(work, context), context)
  await report(work, context, pause)
  return pause?.againMs ?? REFRESH_MS * (0.75 + Math.random() / 2)
}

/** Nothing is delivered any more when the resource is gone. */
async function letGo(trigger: StreamTrigger, context: Context): Promise<number | undefined> {
  if (!isHeld(trigger)) return undefined
  const mapping = mappingOf(trigger, context)
  if (!mapping) {
    await release(STREAM_TRIGGERS, trigger, context.client)
    return undefined
  }
  if (mapping.state === 'Deleting') return AGAIN_MS
  await removeMapping(mapping, context)
  context.record(trigger, 'Normal', 'Deleted', `The event source mapping ${mapping.id} is being deleted.`)
  return AGAIN_MS
}

/** That no server answers is worth a condition. */
async function answered(settling: Promise<Pause | undefined>, { logger }: Context): Promise<Pause | undefined> {
  try {
    return await settling
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    logger.warn({ err: error }, 'a trigger could not be seen to')
    return { reason: 'NoAnswer', message: error.message, againMs: NO_ANSWER_MS, isTrouble: true }
  }
}
