/** Events: what a person should know of an object. What is said again within ten minutes is said once. */
import { createHash } from 'node:crypto'
import type { Clock } from '../../server/base/clock.ts'
import type { Logger } from '../../server/base/logger.ts'
import type { KubeClient } from './client.ts'
import { microTime } from './election.ts'
import { EVENTS } from './kinds.ts'
import type { KubeObject } from './objects.ts'

const AGAIN_MS = 600_000
const REMEMBERED = 10_000
const LONGEST_NOTE = 1000

export type Recorder = (of: KubeObject, type: 'Normal' | 'Warning', reason: string, note: string) => void

/** `instance`: of this process, as it shows in the events. */
export function recorder(client: KubeClient, clock: Clock, logger: Logger, instance: string): Recorder {
  const said = new Map<string, number>()
  let count = 0
  return (of, type, reason, note) => {
    const { namespace = 'default', name, uid, resourceVersion } = of.metadata
    const key = [uid, reason, note].join(' ')
    const now = clock.now()
    if (now - (said.get(key) ?? -AGAIN_MS) < AGAIN_MS) return
    if (said.size >= REMEMBERED) said.clear()
    said.set(key, now)
    count += 1
    const hash = createHash('sha256').update(`${instance} ${now} ${count}`).digest('hex').slice(0, 16)
    const event = {
      apiVersion: EVENTS.apiVersion,
      kind: EVENTS.kind,
      metadata: { namespace, name: `${name.slice(0, 200)}.${hash}` },
      eventTime: microTime(now),
      reportingController: 'tavola.dev/operator',
      reportingInstance: instance,
      action: 'Reconcile',
      regarding: { apiVersion: of.apiVersion, kind: of.kind, namespace, name, uid, resourceVersion },
      type,
      reason,
      note: note.slice(0, LONGEST_NOTE),
    }
    client.create(EVENTS, event).catch(error => logger.debug({ err: error, reason }, 'an event was not recorded'))
  }
}
