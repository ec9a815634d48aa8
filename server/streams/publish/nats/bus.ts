/**
 * The change bus on NATS JetStream, 2.12.3 or newer: a stream per table, made when first needed, and a subject per shard. Messages
 * are appended as atomic batches that name the subject's last sequence: all or none of them, in order, and never twice.
 */
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import { nuid } from '@nats-io/transport-node'
import type { BusMessage, ChangeBus, Channel, LastMessage } from '../bus.ts'
import { headOf, line, written } from './head.ts'
import type { NatsLink } from './link.ts'

export type NatsBusOptions = {
  /** Of each stream. */
  replicas: number
  retentionMs: number
}

const REQUEST_TIMEOUT_MS = 5000
const NANOSECONDS = 1_000_000
/** What the headers of a message take of the largest payload, at most. */
const HEADERS_BYTES = 2048
/** Messages whose ids are remembered, beside the fencing: for consumers' sake. */
const DUPLICATES_MS = 120_000

export class NatsBus implements ChangeBus {
  readonly #link: NatsLink
  readonly #options: NatsBusOptions
  readonly #made = new Set<string>()
  #manager: JetStreamManager | undefined

  constructor(link: NatsLink, options: NatsBusOptions) {
    this.#link = link
    this.#options = options
  }

  get maxBytes(): number | undefined {
    const limit = this.#link.connection?.info?.max_payload
    return limit && limit - HEADERS_BYTES
  }

  async last(channel: Channel): Promise<LastMessage | undefined> {
    const manager = await this.#reach()
    if (!this.#made.has(channel.stream)) await this.#make(manager, channel)
    const message = await manager.streams.getMessage(channel.stream, { last_by_subj: channel.subject }).catch(error => {
      // The stream may have been deleted: it is made anew then.
      this.#made.delete(channel.stream)
      throw error
    })
    return message ? { place: message.seq, id: message.header.get('Nats-Msg-Id') } : undefined
  }

  async append({ subject }: Channel, messages: BusMessage[], after: number): Promise<number> {
    const nats = this.#link.connection
    if (!nats) throw new Error('NATS has not been reached yet')
    const last = messages.length - 1
    const batch = line('Nats-Batch-Id', nuid.next())
    // All of the heads before anything is sent: one that can't be written leaves no half of a batch.
    const heads = messages.map((message, i) => {
      const expected = i === 0 ? line('Nats-Expected-Last-Subject-Sequence', String(after)) : ''
      const commit = i === last ? line('Nats-Batch-Commit', '1') : ''
      return headOf(message) + batch + line('Nats-Batch-Sequence', String(i + 1)) + expected + commit
    })
    for (let i = 0; i < last; i++)
      nats.publish(subject, Buffer.from(messages[i]!.text), { headers: written(heads[i]!) })
    const options = { headers: written(heads[last]!), timeout: REQUEST_TIMEOUT_MS }
    const answer = await nats.request(subject, Buffer.from(messages[last]!.text), options)
    return placeOf(answer.string())
  }

  async empty({ streams: prefix, subjects }: { streams: string; subjects: string }): Promise<string[]> {
    const { streams } = await this.#reach()
    const names: string[] = []
    for await (const { config, state } of streams.list(subjects))
      if (config.name.startsWith(prefix) && state.messages === 0) names.push(config.name)
    return names
  }

  async remove(stream: string): Promise<void> {
    const { streams } = await this.#reach()
    this.#made.delete(stream)
    await streams.delete(stream).catch(error => {
      if ((error as Error).name !== 'StreamNotFoundError') throw error
    })
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  async #reach(): Promise<JetStreamManager> {
    const options = { timeout: REQUEST_TIMEOUT_MS, checkAPI: false }
    this.#manager ??= await jetstreamManager(await this.#link.opened(), options)
    return this.#manager
  }

  async #make({ streams }: JetStreamManager, { stream, subjects }: Channel): Promise<void> {
    const { replicas, retentionMs } = this.#options
    const wanted = {
      subjects: [subjects],
      num_replicas: replicas,
      max_age: retentionMs * NANOSECONDS,
      allow_atomic: true,
      allow_direct: true,
    }
    const found = await streams.info(stream).catch(() => undefined)
    const isFit = found?.config.allow_atomic && found.config.max_age === wanted.max_age
    // What else somebody has changed of it stays as it is.
    if (found && !isFit)
      await streams.update(stream, { ...found.config, ...wanted, num_replicas: found.config.num_replicas })
    else if (!found)
      await streams.add({
        ...wanted,
        name: stream,
        description: 'Changes of a Tavola table',
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.Old,
        duplicate_window: Math.min(DUPLICATES_MS, retentionMs) * NANOSECONDS,
      })
    this.#made.add(stream)
  }
}

/** Errors: the answer is a refusal. */
function placeOf(answer: string): number {
  const { seq, error } = JSON.parse(answer) as { seq?: number; error?: { description: string } }
  if (error || !seq) throw new Error(error?.description ?? 'the answer names no sequence')
  return seq
}
