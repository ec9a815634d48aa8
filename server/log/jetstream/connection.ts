/** The connection to NATS, and the few questions that a log asks of JetStream. None of them takes long. */

import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamState,
} from '@nats-io/jetstream'
import { connect, createInbox, headers, type NatsConnection } from '@nats-io/transport-node'
import { type LoggedEntry, LogUnavailable, type Position } from '../log.ts'
import type { Outcome } from './appender.ts'

export type NatsOptions = {
  servers: string[]
  /** Paths of PEM files. */
  tls?: { caFile: string; certFile?: string; keyFile?: string }
}

const REQUEST_TIMEOUT_MS = 2000
const CONNECT_TIMEOUT_MS = 3000
/** A server that says nothing for two of these is left for another one. */
const PING_MS = 1000
const PATIENCE_MS = 20_000
const RETRY_MS = 100
/** What the headers of an entry take of the largest payload. */
const HEADERS_BYTES = 1024
const WRONG_LAST_SEQUENCE = 'Nats-Expected-Last-Sequence'
const PAGE_ENTRIES = 1000
/** Codes that end a page; a server that lags behind finds nothing. */
const END_OF_BATCH = 204
const NOT_FOUND = 404

export class JetStream {
  readonly nats: NatsConnection
  readonly #manager: JetStreamManager

  /** Errors: LogUnavailable. */
  static async connect({ servers, tls }: NatsOptions): Promise<JetStream> {
    try {
      const nats = await connect({
        servers,
        ...(tls && { tls }),
        timeout: CONNECT_TIMEOUT_MS,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 200,
        reconnectJitter: 200,
        pingInterval: PING_MS,
        maxPingOut: 2,
      })
      return new JetStream(nats, await jetstreamManager(nats, { timeout: REQUEST_TIMEOUT_MS, checkAPI: false }))
    } catch (error) {
      throw new LogUnavailable(`NATS does not answer: ${(error as Error).message}`)
    }
  }

  private constructor(nats: NatsConnection, manager: JetStreamManager) {
    this.nats = nats
    this.#manager = manager
  }

  /** Names of the streams whose subject it matches. Errors: LogUnavailable. */
  names(subject: string): Promise<string[]> {
    return this.#repeat(async () => {
      const names: string[] = []
      for await (const name of this.#manager.streams.names(subject)) names.push(name)
      return names
    })
  }

  /** As the stream's leader sees it; undefined if there is no such stream. Errors: LogUnavailable. */
  state(stream: string): Promise<StreamState | undefined> {
    return this.#repeat(async () => {
      try {
        return (await this.#manager.streams.info(stream)).state
      } catch (error) {
        if (codeOf(error) === JetStreamApiCodes.StreamNotFound) return undefined
        throw error
      }
    })
  }

  /** Makes a stream whose first entry will be at `first`. Errors: LogUnavailable. */
  async create(stream: string, subject: string, replicas: number, first: Position): Promise<void> {
    const config = {
      name: stream,
      subjects: [subject],
      num_replicas: replicas,
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      first_seq: first,
      // Entries go by being trimmed, which is a purge, and in no other way.
      deny_delete: true,
      allow_direct: true,
    }
    await this.#repeat(() => this.#manager.streams.add(config))
  }

  /** Deletes what lies before `first`. Errors: LogUnavailable. */
  async purge(stream: string, first: Position): Promise<void> {
    await this.#repeat(() => this.#manager.streams.purge(stream, { seq: first }))
  }

  /** Errors: LogUnavailable. */
  async delete(stream: string): Promise<void> {
    await this.#repeat(() =>
      this.#manager.streams.delete(stream).catch(error => {
        if (codeOf(error) !== JetStreamApiCodes.StreamNotFound) throw error
      }),
    )
  }

  /** See `Transport.send`. */
  async send(subject: string, position: Position, bytes: Uint8Array): Promise<Outcome> {
    const limit = this.nats.info?.max_payload ?? Number.POSITIVE_INFINITY
    if (bytes.length + HEADERS_BYTES > limit)
      return {
        ...unknown(`an entry of ${bytes.length} bytes is more than nats-server's max_payload ${limit} takes`),
        final: true,
      }
    const expectation = headers()
    expectation.set(WRONG_LAST_SEQUENCE, String(position - 1))
    try {
      const options = { timeout: REQUEST_TIMEOUT_MS, headers: expectation }
      return outcomeOf((await this.nats.request(subject, bytes, options)).string(), position)
    } catch (error) {
      return unknown((error as Error).message)
    }
  }

  /** The entry that the stream's leader has at a position; undefined if it has none, or does not answer. */
  async entry(stream: string, position: Position): Promise<Uint8Array | undefined> {
    const message = await this.#manager.streams.getMessage(stream, { seq: position }).catch(() => null)
    return message?.data
  }

  /**
   * Entries from `first` on, about `maxBytes` of them with all that comes with them, from whichever server answers: it may
   * lag behind, and have none. Errors: LogUnavailable.
   */
  page(stream: string, first: Position, maxBytes: number): Promise<LoggedEntry[]> {
    const request = JSON.stringify({ seq: first, batch: PAGE_ENTRIES, max_bytes: maxBytes })
    return this.#repeat(() => this.#collect(`$JS.API.DIRECT.GET.${stream}`, request))
  }

  async close(): Promise<void> {
    await this.nats.close()
  }

  /** Asks for many answers, up to the one that says that it is the last. Errors: any, or a time-out. */
  #collect(subject: string, request: string): Promise<LoggedEntry[]> {
    return new Promise((resolve, reject) => {
      const found: LoggedEntry[] = []
      const inbox = createInbox()
      const end = (error?: Error) => {
        clearTimeout(timer)
        subscription.unsubscribe()
        if (error) reject(error)
        else resolve(found)
      }
      const subscription = this.nats.subscribe(inbox, {
        callback: (error, { headers, data }) => {
          if (error) return end(error)
          if (headers?.code === END_OF_BATCH || headers?.code === NOT_FOUND) return end()
          if (headers?.code === 0) found.push({ position: Number(headers.get('Nats-Sequence')), bytes: data })
          else end(new Error(`${headers?.code} ${headers?.description}`))
        },
      })
      const timer = setTimeout(() => end(new Error('timeout')), REQUEST_TIMEOUT_MS)
      this.nats.publish(subject, request, { reply: inbox })
    })
  }

  /** Errors: LogUnavailable, after all patience, or when the connection is closed. */
  async #repeat<T>(ask: () => Promise<T>): Promise<T> {
    const end = performance.now() + PATIENCE_MS
    while (true) {
      try {
        return await ask()
      } catch (error) {
        if (this.nats.isClosed() || performance.now() > end)
          throw new LogUnavailable(`NATS does not answer: ${(error as Error).message}`)
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}

function outcomeOf(answer: string, position: Position): Outcome {
  const { seq, error } = JSON.parse(answer) as { seq?: number; error?: { err_code: number; description: string } }
  if (seq === position) return { kind: 'stored' }
  if (error?.err_code === JetStreamApiCodes.StreamWrongLastSequence) {
    const last = Number(/: (\d+)$/.exec(error.description)?.[1])
    // A log that ends before it is one that the entries before it have not reached yet.
    if (last >= position) return { kind: 'taken' }
  }
  return unknown(error?.description ?? `stored at ${seq} instead of ${position}`)
}

function unknown(reason: string) {
  return { kind: 'unknown' as const, reason }
}

function codeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined
}
