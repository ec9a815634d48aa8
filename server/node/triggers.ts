/** Triggers: this process's share of them, and what requests may do with them. */
import { systemRandom } from '../base/random.ts'
import type { NatsPlace } from '../streams/publish/nats/link.ts'
import type { Streams } from '../streams/streams.ts'
import type { Definition } from '../telemetry/definition.ts'
import { triggerMetrics } from '../telemetry/triggermetrics.ts'
import { Caller, type Messenger } from '../triggers/call/caller.ts'
import { KnownTriggers } from '../triggers/known.ts'
import { Runner } from '../triggers/runner.ts'
import type { Target } from '../triggers/targets.ts'
import { ClusterTriggers, type Triggers } from '../triggers/triggers.ts'
import type { Base } from './base.ts'
import type { Ending } from './ending.ts'

export type TriggerOptions = {
  /** Where functions are called by name: a URL that speaks the Lambda Invoke API. */
  functionEndpoint?: string
  /** Where else triggers may send requests: `host`, `host:port` or `*.domain`. */
  triggerHosts?: string[]
  /** Sign what is sent. */
  triggerKeyId?: string
  triggerSecret?: string
  /** For targets on NATS. */
  triggerNats?: NatsPlace
}

export type StartedTriggers = {
  triggers: Triggers
  refusal(target: Target): string | undefined
  metrics: Definition[]
}

export async function startTriggers(
  base: Base,
  options: TriggerOptions,
  streams: Streams,
  ending: Ending,
): Promise<StartedTriggers> {
  const { metadata, realm, clock } = base
  const { functionEndpoint, triggerHosts: hosts = [], triggerKeyId: keyId = 'tavola', triggerSecret: secret } = options
  const messenger = await openMessenger(options.triggerNats, base, ending)
  const credentials = secret === undefined ? undefined : { keyId, secret }
  const caller = new Caller({ functionEndpoint, hosts, credentials, region: realm.region }, messenger, clock)
  const known = new KnownTriggers(metadata, realm)
  ending.add(() => known.stop())
  await known.start()
  const runner = new Runner({ ...base, triggers: known, streams, caller, place: realm, random: systemRandom })
  ending.add(() => runner.stop())
  await runner.start()
  const triggers = new ClusterTriggers({ metadata, known, realm, clock, random: systemRandom })
  const metrics = triggerMetrics(() => runner.counters())
  return { triggers, refusal: target => caller.refusal(target), metrics }
}

async function openMessenger(
  place: NatsPlace | undefined,
  { clock }: Base,
  ending: Ending,
): Promise<Messenger | undefined> {
  if (!place) return undefined
  const { NatsLink } = await import('../streams/publish/nats/link.ts')
  const { NatsMessenger } = await import('../streams/publish/nats/messenger.ts')
  const link = new NatsLink(place, clock)
  ending.add(() => link.close())
  return new NatsMessenger(link)
}
