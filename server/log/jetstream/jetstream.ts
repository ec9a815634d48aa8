/**
 * The log port on NATS JetStream: a stream per partition, on as many servers as it has replicas. nats-server must be 2.12.3 or
 * newer, sync every write (`sync_interval: always`) and take payloads of an entry's size (`max_payload`). Streams are made and
 * deleted here, and otherwise left as they are.
 *
 * Who appends tells it to the others by a plain message, which may be lost: who waits for entries also looks from time to time.
 * So a log that nothing is appended to costs nothing but that, however many there are.
 */
import type { Subscription } from '@nats-io/transport-node'
import { type Clock, sleep } from '../../base/clock.ts'
import { OperatorError } from '../../base/failure.ts'
import type { LogStore, Position } from '../log.ts'
import { JetStream, type NatsOptions } from './connection.ts'
import { JetStreamLog } from './partition.ts'

export type JetStreamLogOptions = NatsOptions & {
  /** Streams and subjects begin with it: letters, digits, dashes. */
  prefix: string
  replicas: number
  clock: Clock
  /** Whether a partition's log was made before: it is an error if it is not there then. */
  made?: (partition: string) => Promise<boolean>
}

/** How often those who wait for entries look for themselves. */
const LOOK_MS = 10_000
/** How long a stream that was made is looked for until it is believed to be gone, and how often. */
const GONE_MS = 5000
const GONE_LOOK_MS = 200

export class JetStreamLogStore implements LogStore {
  readonly #jetstream: JetStream
  readonly #options: JetStreamLogOptions
  readonly #logs = new Map<string, JetStreamLog>()
  readonly #partitions: Set<string>
  readonly #grown = new Set<string>()
  readonly #news: Subscription
  #closed = false

  /** Errors: LogUnavailable. */
  static async open(options: JetStreamLogOptions): Promise<JetStreamLogStore> {
    const jetstream = await JetStream.connect(options)
    try {
      const streams = await jetstream.names(`${options.prefix}.log.*`)
      return new JetStreamLogStore(
        jetstream,
        options,
        streams.map(stream => stream.slice(options.prefix.length + 1)),
      )
    } catch (error) {
      await jetstream.close()
      throw error
    }
  }

  private constructor(jetstream: JetStream, options: JetStreamLogOptions, partitions: string[]) {
    this.#jetstream = jetstream
    this.#options = options
    this.#partitions = new Set(partitions)
    this.#news = jetstream.nats.subscribe(`${options.prefix}.end.*`, {
      callback: (error, message) => {
        if (error) return
        const log = this.#logs.get(message.subject.slice(`${options.prefix}.end.`.length))
        log?.known.reaches(Number(message.string()))
      },
    })
    void this.#watchConnection()
    this.#lookLater()
  }

  /** Errors: OperatorError if the log was there before, and is gone; LogUnavailable. */
  async open(partition: string, base: Position): Promise<JetStreamLog> {
    let log = this.#logs.get(partition)
    if (!log) {
      await this.#make(partition, base)
      log = this.#logs.get(partition) ?? this.#log(partition)
      this.#logs.set(partition, log)
      this.#partitions.add(partition)
      await log.look(base)
    }
    await log.refresh()
    return log
  }

  async drop(partition: string): Promise<void> {
    const log = this.#logs.get(partition)
    this.#logs.delete(partition)
    this.#partitions.delete(partition)
    await log?.close('the partition was dropped')
    await this.#jetstream.delete(this.#stream(partition))
  }

  partitions(): string[] {
    return [...this.#partitions]
  }

  size(): number {
    let sum = 0
    for (const { known } of this.#logs.values()) sum += known.sizes.total
    return sum
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#logs.values()].map(log => log.close('the log is closed')))
    this.#news.unsubscribe()
    await this.#jetstream.close()
  }

  #stream(partition: string): string {
    return `${this.#options.prefix}-${partition}`
  }

  #subject(partition: string): string {
    return `${this.#options.prefix}.log.${partition}`
  }

  #log(partition: string): JetStreamLog {
    const [stream, subject] = [this.#stream(partition), this.#subject(partition)]
    return new JetStreamLog(this.#jetstream, stream, subject, this.#options.clock, () => this.#tellLater(partition))
  }

  async #make(partition: string, base: Position): Promise<void> {
    const stream = this.#stream(partition)
    // Asked first: another process may make it, and say so, while this one looks.
    const isMade = (await this.#options.made?.(partition)) ?? false
    if (await this.#isThere(stream, isMade)) return
    if (isMade) throw new OperatorError(`The stream ${stream} is gone from NATS, and with it the log of the partition.`)
    await this.#jetstream.create(stream, this.#subject(partition), this.#options.replicas, base + 1)
    // Who is asked next may not have heard of it yet.
    await this.#isThere(stream, true)
  }

  /** `isMade`: it must be. A server that has come back just now may not know it yet. */
  async #isThere(stream: string, isMade: boolean): Promise<boolean> {
    const { clock } = this.#options
    const patience = clock.monotonic() + (isMade ? GONE_MS : 0)
    while (true) {
      if (await this.#jetstream.state(stream)) return true
      if (clock.monotonic() >= patience) return false
      await sleep(clock, GONE_LOOK_MS)
    }
  }

  /** All that became durable in this turn of the event loop is told of once. */
  #tellLater(partition: string): void {
    if (this.#grown.size === 0) this.#options.clock.soon(() => this.#tell())
    this.#grown.add(partition)
  }

  #tell(): void {
    for (const partition of this.#grown) {
      const end = this.#logs.get(partition)?.end()
      if (end !== undefined && !this.#jetstream.nats.isClosed())
        this.#jetstream.nats.publish(`${this.#options.prefix}.end.${partition}`, String(end))
    }
    this.#grown.clear()
  }

  #lookLater(): void {
    this.#options.clock.after(LOOK_MS, () => {
      if (this.#closed) return
      void this.#look().finally(() => this.#lookLater())
    })
  }

  /** One after the other: nobody is in a hurry. */
  async #look(): Promise<void> {
    for (const log of this.#logs.values()) if (log.known.waiters.size > 0) await log.look().catch(() => {})
  }

  /** What was told while the connection was away was not heard. */
  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#jetstream.nats.status()) if (type === 'reconnect') void this.#look()
  }
}
