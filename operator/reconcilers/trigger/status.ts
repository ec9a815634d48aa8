/** What a StreamTrigger's status says. */
import { isDeepStrictEqual } from 'node:util'
import { STREAM_TRIGGERS, type StreamTriggerStatus } from '../../resources/streamtrigger.ts'
import { API_VERSION } from '../../resources/table.ts'
import { type Finding, lagText, withFindings } from '../../specs/conditions.ts'
import type { Context, Pause } from '../context.ts'
import type { TriggerWork } from './work.ts'

/** Writes it if it says anything new. Errors: KubeError; MetadataUnavailable. */
export async function report(work: TriggerWork, context: Context, pause: Pause | undefined): Promise<void> {
  const { trigger, mapping } = work
  const { client, caches, clock, mappings, records, record } = context
  const { namespace, name, uid, generation = 0 } = trigger.metadata
  const now = clock.now()
  const { result, waitingSince = now } = mapping ? await mappings.progress(mapping.id) : {}
  const found = findings(pause, mapping?.state, result)
  if (found.Degraded?.reason === 'Failing') record(trigger, 'Warning', 'Failing', result!)
  const before = trigger.status ?? {}
  const status: StreamTriggerStatus = {
    // One that is gone is remembered: another stream goes on where it ended.
    uuid: mapping?.id ?? before.uuid,
    streamArn: mapping ? `${records.tableArn(mapping.table)}/stream/${mapping.label}` : before.streamArn,
    state: mapping?.state ?? 'Pending',
    lag: mapping?.state === 'Enabled' ? lagText(now - waitingSince) : undefined,
    lastResult: result,
    observedGeneration: generation,
    conditions: withFindings(before.conditions ?? [], found, generation, now),
  }
  const plain = JSON.parse(JSON.stringify(status))
  if (isDeepStrictEqual(plain, trigger.status)) return
  const metadata = { namespace, name, uid }
  const manifest = { apiVersion: API_VERSION, kind: 'StreamTrigger', metadata, status: plain }
  caches.triggers.put(await client.applyStatus(STREAM_TRIGGERS, manifest as never))
}

function findings(
  pause: Pause | undefined,
  state: string | undefined,
  result: string | undefined,
): { [type: string]: Finding } {
  const Ready: Finding = pause
    ? { status: false, reason: pause.reason, message: pause.message }
    : { status: true, reason: state!, message: 'The event source mapping is as wished.' }
  return { Ready, Degraded: degradation(pause, result) }
}

function degradation(pause: Pause | undefined, result: string | undefined): Finding {
  if (pause?.isTrouble) return { status: true, reason: pause.reason, message: pause.message }
  if (result?.startsWith('PROBLEM')) return { status: true, reason: 'Failing', message: result }
  return { status: false, reason: 'AsWished', message: 'Nothing is wrong.' }
}
