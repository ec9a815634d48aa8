/**
 * A lane: of one shard, the items whose partition keys fall to it. It reads by itself, so that no other lane waits for it, and
 * delivers one batch after the other.
 */
import type { Clock } from '../../base/clock.ts'
import { RETENTION_MS } from '../../cluster/streamrecords.ts'
import type { ChangeRow, ChangesPage } from '../../partition/command.ts'
import type { TriggerCounters } from '../counters.ts'
import type { Delivered } from '../event.ts'
import type { LaneCheckpoint, TriggerSettings } from '../records.ts'
import { gather } from './batches.ts'
import { type DeliveryPolicy, deliver } from './delivery.ts'
import type { Invoking, StateReply } from './invoking.ts'
import { Stopped, type Stopping } from './stopping.ts'
import { TumblingWindow } from './window.ts'

export type LanePorts = {
  /** Of all lanes of the shard, this one's number and how many there are. */
  number: number
  of: number
  settings: TriggerSettings
  source: { shard: string; streamArn: string }
  isRetired: boolean
  read(from: bigint): Promise<ChangesPage | undefined>
  /** Undefined for what the filters leave out. */
  recordOf(row: ChangeRow): Delivered | undefined
  invoking: Invoking
  counters: TriggerCounters
  stopping: Stopping
  clock: Clock
  /** The checkpoint has moved. */
  moved(): void
}

const RETRY_MS = 200
const MAX_RETRY_MS = 10_000
const MIN_POLL_MS = 20
const MAX_POLL_MS = 200

export class Lane {
  readonly #ports: LanePorts
  readonly #policy: DeliveryPolicy
  readonly #window: TumblingWindow | undefined
  #from: bigint
  #ended: boolean
  #waitingSince: number | undefined

  constructor(ports: LanePorts, { from, window, ended = false }: LaneCheckpoint) {
    const { settings, source } = ports
    const { maximumAgeSeconds, maximumRetries, bisect, tumblingSeconds } = settings
    const maximumAgeMs = maximumAgeSeconds < 0 ? RETENTION_MS : Math.min(maximumAgeSeconds * 1000, RETENTION_MS)
    this.#ports = ports
    this.#policy = { maximumRetries, bisect, maximumAgeMs, retryMs: RETRY_MS, maxRetryMs: MAX_RETRY_MS }
    this.#window = tumblingSeconds > 0 ? new TumblingWindow({ seconds: tumblingSeconds, ...source }, window) : undefined
    this.#from = BigInt(from)
    this.#ended = ended
  }

  get checkpoint(): LaneCheckpoint {
    const window = this.#window?.open
    const waitingSince = this.#waitingSince
    return {
      from: String(this.#from),
      ...(window && { window }),
      ...(this.#ended && { ended: true }),
      ...(waitingSince !== undefined && { waitingSince }),
    }
  }

  /** Ends when it is stopped, or the shard has ended. Errors: those of reading; it may be run again then. */
  async run(): Promise<void> {
    const { stopping } = this.#ports
    try {
      for (let pollMs = MIN_POLL_MS; !this.#ended; ) {
        const isDrained = await this.#step()
        if (isDrained && !this.#ended) await stopping.wait(pollMs)
        pollMs = isDrained ? Math.min(pollMs * 1.5, MAX_POLL_MS) : MIN_POLL_MS
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error
    }
    this.#ports.counters.forget(this.#name)
  }

  /** @returns whether there was nothing */
  async #step(): Promise<boolean> {
    const { settings, stopping, clock, counters } = this.#ports
    stopping.check()
    const limits = {
      records: settings.batchSize,
      waitMs: settings.batchingWindowSeconds * 1000,
      windowOf: this.#window?.startOf,
    }
    const ports = {
      isRetired: this.#ports.isRetired,
      read: (from: bigint) => this.#ports.read(from),
      recordOf: (row: ChangeRow) => (this.#isMine(row) ? this.#ports.recordOf(row) : undefined),
      wait: (ms: number) => stopping.wait(ms),
      now: () => clock.now(),
    }
    const { records, next, isDrained, isLast } = await gather(this.#from, limits, ports)
    const wasOver = this.#window?.isOver(records[0], clock.now())
    if (wasOver) await this.#endWindow(false)
    const last = records.at(-1)
    if (last) {
      this.#wait(records[0]!.time)
      await this.#deliver(records)
      this.#wait(undefined)
      counters.done(this.#name, clock.now() - last.time)
    } else if (isDrained) counters.done(this.#name, 0)
    if (isLast && this.#window?.open) await this.#endWindow(true)
    this.#ended = isLast
    if (isLast) this.#ports.moved()
    this.#moveTo(next)
    return !last && isDrained
  }

  get #name(): string {
    return `${this.#ports.source.shard}/${this.#ports.number}`
  }

  /** Whoever looks at the checkpoint sees what is waited for, however long the function takes. */
  #wait(since: number | undefined): void {
    this.#waitingSince = since
    if (since !== undefined) this.#ports.counters.began(this.#name, since)
    this.#ports.moved()
  }

  /** Keys begin with the hash of the partition key. */
  #isMine({ key }: ChangeRow): boolean {
    const { number, of } = this.#ports
    return of === 1 || (((key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!) >>> 0) % of === number
  }

  #deliver(records: Delivered[]): Promise<void> {
    const { invoking, stopping, clock } = this.#ports
    return deliver(records, this.#policy, {
      invoke: part => this.#invoke(part),
      giveUp: (part, why) => invoking.giveUp(part, why),
      done: ({ sequence }) => this.#moveTo(sequence + 1n),
      wait: ms => stopping.wait(ms),
      now: () => clock.now(),
    })
  }

  async #invoke(records: Delivered[]): Promise<StateReply> {
    const { invoking } = this.#ports
    if (!this.#window) return invoking.invoke(records)
    const reply = await this.#window.invoke(records, invoking)
    if (reply.isStateTooLarge) await this.#endWindow(true)
    return reply
  }

  /** Repeated as a batch is; a window that can't be ended is dropped after all retries. */
  async #endWindow(isEarly: boolean): Promise<void> {
    const { invoking, stopping } = this.#ports
    const { maximumRetries, retryMs, maxRetryMs } = this.#policy
    for (let attempts = 0, waitMs = retryMs; ; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
      const reply = await this.#window!.end(invoking, isEarly)
      if (reply.kind === 'answered') break
      if (reply.kind === 'failed' && maximumRetries >= 0 && ++attempts > maximumRetries) break
      await stopping.wait(waitMs)
    }
    this.#window!.drop()
    this.#ports.moved()
  }

  #moveTo(from: bigint): void {
    if (from <= this.#from) return
    this.#from = from
    this.#ports.moved()
  }
}
