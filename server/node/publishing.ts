/** Changes to NATS, from where partitions are led. */
import { Clearing } from '../streams/publish/clearing.ts'
import { KnownStreams } from '../streams/publish/known.ts'
import { NatsBus } from '../streams/publish/nats/bus.ts'
import { NatsLink } from '../streams/publish/nats/link.ts'
import type { PublishedLeader } from '../streams/publish/publisher.ts'
import { Publishing } from '../streams/publish/publishing.ts'
import type { Base } from './base.ts'
import type { Ending } from './ending.ts'
import type { PublishOptions } from './nats.ts'

export type StartedPublishing = { publishing: Publishing; limitMs: number; start(): Promise<void> }

/** `leader`: of this node. */
export type PreparePublishing = (
  leader: (partition: string) => PublishedLeader | undefined,
  ending: Ending,
) => StartedPublishing

const HOUR_MS = 3_600_000

/** NATS need not be there. */
export function publisherTo(base: Base, options: PublishOptions): PreparePublishing {
  return (leader, ending) => prepare(base, options, leader, ending)
}

function prepare(
  { metadata, realm, clock, logger }: Base,
  options: PublishOptions,
  leader: (partition: string) => PublishedLeader | undefined,
  ending: Ending,
): StartedPublishing {
  const { servers, tls, prefix, replicas, retentionHours, limitHours } = options
  const retentionMs = retentionHours * HOUR_MS
  const bus = new NatsBus(new NatsLink({ servers, ...(tls && { tls }) }, clock), { replicas, retentionMs })
  ending.add(() => bus.close())
  const streams = new KnownStreams(metadata, realm, clock)
  const publishing = new Publishing({ metadata, bus, streams, leader, realm, prefix, retentionMs, clock, logger })
  const clearing = new Clearing({ bus, streams, realm, prefix, clock, logger })
  const start = async () => {
    ending.add(() => streams.stop())
    await streams.start()
    ending.add(() => publishing.stop())
    await publishing.start()
    ending.add(() => clearing.stop())
    clearing.start()
  }
  return { publishing, limitMs: limitHours * HOUR_MS, start }
}
