/** NATS, for those who publish: its client is loaded only where it is used. */
import type { NatsPlace } from '../streams/publish/nats/link.ts'
import type { Base } from './base.ts'
import type { PreparePublishing } from './publishing.ts'

export type PublishOptions = NatsPlace & {
  /** Streams and subjects begin with it. */
  prefix: string
  /** Of each JetStream stream. */
  replicas: number
  /** How long NATS keeps changes, and for how long those that can't be published are kept here. */
  retentionHours: number
  limitHours: number
}

/** Undefined without options. */
export async function toNats(base: Base, options: PublishOptions | undefined): Promise<PreparePublishing | undefined> {
  return options && (await import('./publishing.ts')).publisherTo(base, options)
}

/** Certificates are shown where the URLs ask for them. `files`: paths of PEM files. */
export function natsTls(
  servers: string[],
  files: { ca: string; certificate: string; key: string } | undefined,
): Pick<NatsPlace, 'tls'> {
  if (!files || !servers.some(url => url.startsWith('tls:'))) return {}
  return { tls: { caFile: files.ca, certFile: files.certificate, keyFile: files.key } }
}
