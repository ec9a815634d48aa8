/**
 * How far the other replicas of the partitions led here are: the log is kept for them. A replica that has not been heard of
 * for long does not hold it for ever; when it comes back it copies another one's file.
 */
import type { Clock } from '../../base/clock.ts'
import { within } from '../../base/within.ts'
import type { Position } from '../../log/log.ts'
import type { Neighbours } from '../../replica/standing.ts'

const ANSWER_MS = 2000
/** While the log is longer than it may be, a replica is waited for only so long. */
const SHORT_GRACE_MS = 60_000

export type Grace = {
  /** How long the log is kept for a replica that is not heard of. */
  ms: number
  /** Bytes of log that are not kept for one that is away for more than a minute. */
  bytes: number
  /** How often the others are asked how far they are. */
  roundMs: number
}

export const GRACE: Grace = { ms: 3600_000, bytes: 4 * 1024 ** 3, roundMs: 5000 }

export type FollowersPorts = {
  node: string
  neighbours: Neighbours
  clock: Clock
  /** Bytes of log that are kept. */
  logBytes(): number
}

type Heard = { durable: Position; at: number }

export class Followers {
  readonly #ports: FollowersPorts
  readonly #grace: Grace
  /** By partition led here, and node. */
  readonly #heard = new Map<string, Map<string, Heard>>()
  #cancel = () => {}
  #stopped = false

  constructor(ports: FollowersPorts, grace: Grace) {
    this.#ports = ports
    this.#grace = grace
  }

  /** Asks from now on. */
  start(): void {
    this.#cancel = this.#ports.clock.after(this.#grace.roundMs, () => {
      void this.ask().finally(() => {
        if (!this.#stopped) this.start()
      })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** The partition is led here, and these nodes hold replicas. */
  watch(partition: string, replicas: string[]): void {
    const at = this.#ports.clock.monotonic()
    const before = this.#heard.get(partition)
    const others = replicas.filter(node => node !== this.#ports.node)
    this.#heard.set(partition, new Map(others.map(node => [node, before?.get(node) ?? { durable: 0, at }])))
  }

  forget(partition: string): void {
    this.#heard.delete(partition)
  }

  /** Up to here all other replicas have the log in their files, durably; but for those that are given up. */
  durable(partition: string): Position {
    const heard = this.#heard.get(partition)
    if (!heard || heard.size === 0) return Number.POSITIVE_INFINITY
    const isLong = this.#ports.logBytes() > this.#grace.bytes
    const grace = isLong ? Math.min(this.#grace.ms, SHORT_GRACE_MS) : this.#grace.ms
    const since = this.#ports.clock.monotonic() - grace
    return Math.min(...[...heard.values()].map(({ durable, at }) => (at < since ? Number.POSITIVE_INFINITY : durable)))
  }

  /** Asks each node once, about all partitions that it shares with this one. */
  async ask(): Promise<void> {
    const { neighbours, clock } = this.#ports
    const byNode = new Map<string, string[]>()
    for (const [partition, heard] of this.#heard)
      for (const node of heard.keys()) byNode.set(node, [...(byNode.get(node) ?? []), partition])
    const asked = [...byNode].map(async ([node, partitions]) => {
      const standings = await within(clock, ANSWER_MS, neighbours.standings(node, partitions))
      for (const [partition, { durable, isStopped }] of standings)
        if (!isStopped) this.#heard.get(partition)?.set(node, { durable, at: clock.monotonic() })
    })
    // Those that do not answer are not heard of.
    await Promise.allSettled(asked)
  }
}
