/** The ports of one node of a cluster within the test's process: it can be frozen, and killed, without its cooperation. */
import type { Clock } from '../../server/base/clock.ts'
import {
  type LoggedEntry,
  type LogStore,
  LogUnavailable,
  type PartitionLog,
  type Position,
} from '../../server/log/log.ts'
import {
  type Commit,
  type Lease,
  type Metadata,
  type MetadataChange,
  type MetadataEntry,
  MetadataUnavailable,
} from '../../server/metadata/metadata.ts'
import { Interrupted } from '../../server/replica/pipeline.ts'

/** Whatever goes in or out of a process passes here: not while it is frozen, and never again once it is dead. */
export class Fate {
  #frozen: Promise<void> | undefined
  #thaw = () => {}
  readonly #died: Promise<never>
  #die!: (error: Error) => void
  isDead = false

  constructor() {
    this.#died = new Promise((_, reject) => (this.#die = reject))
    this.#died.catch(() => {})
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined
  }

  freeze(): void {
    this.#frozen = new Promise(resolve => (this.#thaw = resolve))
  }

  thaw(): void {
    this.#frozen = undefined
    this.#thaw()
  }

  kill(): void {
    this.isDead = true
    this.thaw()
    this.#die(new Interrupted('the process has died'))
  }

  /** Something that the process asks of others. */
  async out<T>(call: () => Promise<T>, dead: () => Error): Promise<T> {
    await this.#frozen
    if (this.isDead) throw dead()
    const answer = await call()
    await this.#frozen
    if (this.isDead) throw dead()
    return answer
  }

  /** Something that others ask of it. Errors: Interrupted, when it dies meanwhile. */
  in<T>(call: () => T | Promise<T>): Promise<T> {
    const answer = (async () => {
      await this.#frozen
      if (this.isDead) throw new Interrupted('the process is dead')
      return call()
    })()
    answer.catch(() => {})
    return Promise.race([answer, this.#died])
  }

  /** Something that happens to it, in order. */
  event(happen: () => void): void {
    if (this.isDead) return
    if (this.#frozen) void this.#frozen.then(() => this.event(happen))
    else happen()
  }
}

/** A process's timers stand still while it is frozen; its clocks do not. */
export function fatedClock(clock: Clock, fate: Fate): Clock {
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    after: (ms, task) => clock.after(ms, () => fate.event(task)),
    // What is under way in a dead one comes to its end, without any effect.
    soon: task => clock.soon(() => (fate.isDead ? task() : fate.event(task))),
  }
}

/** What all nodes share of the metadata: whether it can be reached. */
export type Reach = { down: boolean }

const away = () => new MetadataUnavailable('the metadata can not be reached')

export class FatedMetadata implements Metadata {
  readonly #shared: Metadata
  readonly #fate: Fate
  readonly #clock: Clock
  readonly #reach: Reach
  readonly #ttl: number

  /** `clock`: one that goes on. `ttl`: milliseconds of a lease. */
  constructor(shared: Metadata, fate: Fate, clock: Clock, reach: Reach, ttl: number) {
    this.#shared = shared
    this.#fate = fate
    this.#clock = clock
    this.#reach = reach
    this.#ttl = ttl
  }

  get = (key: string): Promise<MetadataEntry | undefined> => this.#ask(() => this.#shared.get(key))
  list = (prefix: string): Promise<MetadataEntry[]> => this.#ask(() => this.#shared.list(prefix))

  commit({ puts = [], ...rest }: Commit): Promise<boolean> {
    const own = puts.map(put => (put.lease ? { ...put, lease: (put.lease as FatedLease).shared } : put))
    return this.#ask(() => this.#shared.commit({ ...rest, puts: own }))
  }

  watch(prefix: string, listener: (changes: MetadataChange[]) => void): Promise<() => void> {
    return this.#ask(() => this.#shared.watch(prefix, changes => this.#fate.event(() => listener(changes))))
  }

  lease(): Promise<Lease> {
    return this.#ask(async () => {
      const before = this.#clock.monotonic()
      return new FatedLease(await this.#shared.lease(), this.#fate, this.#clock, this.#reach, this.#ttl, before)
    })
  }

  async close(): Promise<void> {}

  #ask<T>(call: () => Promise<T>): Promise<T> {
    return this.#fate.out(() => (this.#reach.down ? Promise.reject(away()) : call()), away)
  }
}

/** Renewed while its process lives and the metadata can be reached; runs out on both sides, each by its own account. */
class FatedLease implements Lease {
  readonly shared: Lease
  readonly #fate: Fate
  readonly #clock: Clock
  readonly #reach: Reach
  readonly #ttl: number
  readonly #lost = new AbortController()
  #renewed: number

  constructor(shared: Lease, fate: Fate, clock: Clock, reach: Reach, ttl: number, before: number) {
    this.shared = shared
    this.#fate = fate
    this.#clock = clock
    this.#reach = reach
    this.#ttl = ttl
    this.#renewed = before
    this.#tick()
  }

  get id(): string {
    return this.shared.id
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  validUntil(): number {
    return this.#lost.signal.aborted ? 0 : this.#renewed + this.#ttl
  }

  async revoke(): Promise<void> {
    this.#lost.abort()
    await this.shared.revoke()
  }

  #tick(): void {
    if ((this.#lost.signal.aborted || this.#fate.isDead) && this.shared.lost.aborted) return
    const now = this.#clock.monotonic()
    const isAlive = !this.#fate.isDead && !this.#fate.isFrozen && !this.#lost.signal.aborted
    if (isAlive && !this.#reach.down && !this.shared.lost.aborted) this.#renewed = now
    // The other side counts from when it heard of the renewal: later.
    else if (now > this.#renewed + this.#ttl + 10 && !this.#reach.down) void this.shared.revoke()
    if (now > this.#renewed + this.#ttl) this.#fate.event(() => this.#lost.abort())
    this.#clock.after(this.#ttl / 5, () => this.#tick())
  }
}

/** The shared logs, as one process reaches them. */
export function fatedLogs(shared: LogStore, fate: Fate): LogStore {
  return {
    open: async (partition, base) => new FatedLog(await shared.open(partition, base), fate),
    drop: partition => shared.drop(partition),
    partitions: () => shared.partitions(),
    size: () => shared.size(),
    close: async () => {},
  }
}

const unreachable = () => new LogUnavailable('the process is dead')

class FatedLog implements PartitionLog {
  readonly depth = 4
  readonly #shared: PartitionLog
  readonly #fate: Fate

  constructor(shared: PartitionLog, fate: Fate) {
    this.#shared = shared
    this.#fate = fate
  }

  end = () => this.#shared.end()
  start = () => this.#shared.start()
  trim = (upTo: Position) => this.#shared.trim(upTo)
  refresh = () => this.#fate.out(() => this.#shared.refresh(), unreachable)
  resume = (end: Position) => this.#shared.resume(end)

  append(bytes: Uint8Array, expected: Position): Promise<void> {
    return this.#fate.out(() => this.#shared.append(bytes, expected), unreachable)
  }

  read(after: Position, maxBytes: number): Promise<LoggedEntry[]> {
    return this.#fate.out(() => this.#shared.read(after, maxBytes), unreachable)
  }

  wait(after: Position, signal?: AbortSignal): Promise<void> {
    return this.#fate.out(() => this.#shared.wait(after, signal), unreachable)
  }
}
