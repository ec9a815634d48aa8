/** The metadata of the simulated cluster: one truth, and what each process sees of it. Leases run out there, and here, each by its own clock. */
import type { Clock } from '../../../server/base/clock.ts'
import { sleep } from '../../../server/base/clock.ts'
import {
  type Commit,
  type Lease,
  LeaseLost,
  type Metadata,
  type MetadataChange,
  type MetadataEntry,
  MetadataUnavailable,
} from '../../../server/metadata/metadata.ts'
import type { Random } from '../../campaigns/random.ts'
import { asked, type Line, type Timer } from './line.ts'

/** How long an answer is waited for. */
const PATIENCE_MS = 3000
const RETRY_MS = 100

/** `isDoomed`: it is renewed no more. */
type GroundLease = { keys: Set<string>; expires: number; ms: number; isDoomed?: boolean }
type Watcher = { prefix: string; changed(): void }

/** What is so. */
export class MetadataGround {
  readonly entries = new Map<string, MetadataEntry>()
  readonly #leases = new Map<string, GroundLease>()
  readonly #watchers = new Set<Watcher>()
  readonly #timer: Timer
  readonly #now: () => number
  readonly #choices: Random
  /** A lease is over so much later than it could be, at most, in milliseconds; never earlier. */
  slackMs: number
  #version = 0
  #leasesMade = 0

  constructor(timer: Timer, now: () => number, choices: Random, slackMs = 20) {
    this.#timer = timer
    this.#now = now
    this.#choices = choices
    this.slackMs = slackMs
  }

  list(prefix: string): MetadataEntry[] {
    const found = [...this.entries.values()].filter(({ key }) => key.startsWith(prefix))
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  commit({ guards, puts = [], deletes = [] }: Commit): boolean {
    for (const { lease } of puts)
      if (lease && !this.#leases.has(lease.id)) throw new LeaseLost(`lease ${lease.id} is over`)
    for (const { key, version } of guards) if ((this.entries.get(key)?.version ?? 0) !== version) return false
    const version = ++this.#version
    for (const { key, value, lease } of puts) {
      this.#unbind(key)
      this.entries.set(key, { key, value, version })
      if (lease) this.#leases.get(lease.id)!.keys.add(key)
    }
    for (const key of deletes) {
      this.#unbind(key)
      this.entries.delete(key)
    }
    this.#changed([...puts.map(({ key }) => key), ...deletes])
    return true
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  grant(ms: number): string {
    const id = `lease-${++this.#leasesMade}`
    this.#leases.set(id, { keys: new Set(), expires: this.#now() + ms, ms })
    this.#expireLater(id, ms)
    return id
  }

  /** @returns whether there is such a lease still. Errors: it can't be renewed */
  renew(id: string): boolean {
    const lease = this.#leases.get(id)
    if (lease?.isDoomed) throw away()
    if (lease) lease.expires = this.#now() + lease.ms
    return lease !== undefined
  }

  revoke(id: string): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    this.#leases.delete(id)
    for (const key of lease.keys) this.entries.delete(key)
    this.#changed([...lease.keys])
  }

  /** The lease that the key is bound to is not renewed any more: never is one over before its time. */
  doomKey(key: string): void {
    for (const lease of this.#leases.values()) if (lease.keys.has(key)) lease.isDoomed = true
  }

  /** As when the cluster has stood still for long. */
  revokeAll(): void {
    for (const id of [...this.#leases.keys()]) this.revoke(id)
  }

  #expireLater(id: string, ms: number): void {
    const slack = 5 + this.#choices.next() * this.slackMs
    this.#timer.after(ms + slack, () => {
      const lease = this.#leases.get(id)
      if (!lease) return
      const left = lease.expires - this.#now()
      if (left > -5) this.#expireLater(id, Math.max(0, left))
      else this.revoke(id)
    })
  }

  #unbind(key: string): void {
    for (const { keys } of this.#leases.values()) keys.delete(key)
  }

  #changed(keys: string[]): void {
    for (const watcher of [...this.#watchers]) if (keys.some(key => key.startsWith(watcher.prefix))) watcher.changed()
  }
}

const away = () => new MetadataUnavailable('the metadata can not be reached')

export type SimMetadataOptions = {
  ground: MetadataGround
  line: Line
  clock: Clock
  /** Milliseconds of a lease. */
  leaseMs: number
}

/** What one process sees of it. */
export class SimMetadata implements Metadata {
  readonly #options: SimMetadataOptions

  constructor(options: SimMetadataOptions) {
    this.#options = options
  }

  get(key: string): Promise<MetadataEntry | undefined> {
    return this.#ask(ground => ground.entries.get(key))
  }

  list(prefix: string): Promise<MetadataEntry[]> {
    return this.#ask(ground => ground.list(prefix))
  }

  commit(commit: Commit): Promise<boolean> {
    return this.#ask(ground => ground.commit(commit))
  }

  /** Tells the last states, not all that were between; none is overtaken by an older one. */
  async watch(prefix: string, listener: (changes: MetadataChange[]) => void): Promise<() => void> {
    const { ground, line } = this.#options
    const told = new Map<string, number>()
    let isDue = false
    let isOver = false
    let isTelling = false
    const tell = () => {
      isDue = false
      if (isOver) return
      const changes = differences(ground.list(prefix), told)
      if (changes.length > 0) listener(changes)
    }
    const later = () => {
      const delay = line.delay()
      line.timer.after(delay ?? RETRY_MS, () => (delay === undefined ? later() : line.arrive(tell)))
    }
    const changed = () => {
      if (isDue || !isTelling) return
      isDue = true
      later()
    }
    const end = ground.watch({ prefix, changed })
    await this.#ask(() => undefined)
    isTelling = true
    listener(differences(ground.list(prefix), told))
    return () => {
      isOver = true
      end()
    }
  }

  async lease(): Promise<Lease> {
    const { clock, leaseMs } = this.#options
    const before = clock.monotonic()
    const id = await this.#ask(ground => ground.grant(leaseMs))
    return new SimLease(id, this.#options, before + leaseMs)
  }

  async close(): Promise<void> {}

  #ask<T>(ask: (ground: MetadataGround) => T): Promise<T> {
    const { ground, line } = this.#options
    return asked(line, PATIENCE_MS, () => ask(ground), away)
  }
}

/** What has become different since it was told; it is told now. */
function differences(entries: MetadataEntry[], told: Map<string, number>): MetadataChange[] {
  const changes: MetadataChange[] = []
  const there = new Set(entries.map(({ key }) => key))
  for (const key of [...told.keys()]) {
    if (there.has(key)) continue
    told.delete(key)
    changes.push({ key, entry: undefined })
  }
  for (const entry of entries) {
    if (told.get(entry.key) === entry.version) continue
    told.set(entry.key, entry.version)
    changes.push({ key: entry.key, entry })
  }
  return changes
}

/** Kept alive by its process, for as long as that and the way to the metadata last. */
class SimLease implements Lease {
  readonly id: string
  readonly #options: SimMetadataOptions
  readonly #lost = new AbortController()
  #validUntil: number

  constructor(id: string, options: SimMetadataOptions, validUntil: number) {
    this.id = id
    this.#options = options
    this.#validUntil = validUntil
    void this.#keep()
    this.#watchTime()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  validUntil(): number {
    return this.#lost.signal.aborted ? 0 : this.#validUntil
  }

  async revoke(): Promise<void> {
    this.#lost.abort()
    await this.#ask(ground => ground.revoke(this.id))
  }

  async #keep(): Promise<void> {
    const { clock, leaseMs } = this.#options
    while (!this.#lost.signal.aborted) {
      await sleep(clock, leaseMs / 3)
      if (this.#lost.signal.aborted) return
      const before = clock.monotonic()
      const isThere = await this.#ask(ground => ground.renew(this.id)).catch(() => undefined)
      if (isThere) this.#validUntil = Math.max(this.#validUntil, before + leaseMs)
      if (isThere === false) this.#lost.abort()
    }
  }

  /** Also if nothing is heard any more. */
  #watchTime(): void {
    if (this.#lost.signal.aborted) return
    const rest = this.#validUntil - this.#options.clock.monotonic()
    if (rest <= 0) this.#lost.abort()
    else this.#options.clock.after(rest, () => this.#watchTime())
  }

  #ask<T>(ask: (ground: MetadataGround) => T): Promise<T> {
    const { ground, line, leaseMs } = this.#options
    return asked(line, leaseMs / 3, () => ask(ground), away)
  }
}
