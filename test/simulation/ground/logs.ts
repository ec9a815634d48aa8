/** The logs of the simulated cluster: one truth, and each process's view of it, as the adapters of real logs have theirs. */
import { KnownLog } from '../../../server/log/known.ts'
import {
  type LoggedEntry,
  type LogStore,
  LogUnavailable,
  type PartitionLog,
  type Position,
  PositionConflict,
} from '../../../server/log/log.ts'
import { asked, type Line } from './line.ts'

/** How long an append, or a question, is tried. */
const PATIENCE_MS = 8000
const NOWHERE = -1
const NOWHERE_MARK = 'nowhere'

/** One partition's log, as it is. */
export class TrueLog {
  first: Position
  readonly entries: Uint8Array[] = []
  /** Names the append that was last: who repeats it is told so, and who does not expect it is refused. */
  mark = ''
  readonly views = new Set<SimLog>()

  constructor(base: Position) {
    this.first = base + 1
  }

  get end(): Position {
    return this.first + this.entries.length - 1
  }

  trim(upTo: Position): void {
    const count = Math.min(upTo, this.end) - this.first + 1
    if (count <= 0) return
    this.entries.splice(0, count)
    this.first += count
  }

  /** Loses what is behind `end`, as no log may. */
  lose(end: Position): void {
    this.entries.length = Math.max(0, Math.min(this.entries.length, end - this.first + 1))
    this.mark = `lost ${this.end}`
  }
}

/** What becomes of the next appends. */
export type LogTrouble = 'fails' | 'takes, and seems to fail'

/** Asked about each append as it is sent: one that is held up goes on when `go` is called. @returns whether it is */
export type Detour = (append: { from: string; partition: string; go: () => void }) => boolean

export class LogGround {
  readonly logs = new Map<string, TrueLog>()
  /** Asked about each append. */
  trouble: (partition: string) => LogTrouble | undefined = () => undefined
  readonly detours = new Set<Detour>()
  #marks = 0

  newMark(): string {
    return `mark ${++this.#marks}`
  }

  drop(partition: string): void {
    const log = this.logs.get(partition)
    this.logs.delete(partition)
    for (const view of log?.views ?? []) view.finish('the partition was dropped')
  }
}

/** The logs as one process sees them. */
export class SimLogs implements LogStore {
  readonly #ground: LogGround
  readonly #line: Line
  readonly #depth: number
  readonly #views = new Map<string, SimLog>()
  readonly #before: string[]

  constructor(ground: LogGround, line: Line, depth = 1) {
    this.#ground = ground
    this.#line = line
    this.#depth = depth
    this.#before = [...ground.logs.keys()]
  }

  async open(partition: string, base: Position): Promise<PartitionLog> {
    const view = this.#views.get(partition) ?? (await this.#make(partition, base))
    await view.refresh()
    return view
  }

  async #make(partition: string, base: Position): Promise<SimLog> {
    const log = await asked(
      this.#line,
      PATIENCE_MS,
      () => {
        const log = this.#ground.logs.get(partition) ?? new TrueLog(base)
        this.#ground.logs.set(partition, log)
        return log
      },
      away,
    )
    const made = this.#views.get(partition) ?? new SimLog(partition, log, this.#ground, this.#line, this.#depth)
    this.#views.set(partition, made)
    return made
  }

  async drop(partition: string): Promise<void> {
    this.#views.get(partition)?.finish('the partition was dropped')
    this.#views.delete(partition)
    const place = this.#before.indexOf(partition)
    if (place >= 0) this.#before.splice(place, 1)
    await asked(this.#line, PATIENCE_MS, () => this.#ground.drop(partition), away)
  }

  partitions(): string[] {
    return [...new Set([...this.#before, ...this.#views.keys()])]
  }

  size(): number {
    let sum = 0
    for (const { known } of this.#views.values()) sum += known.sizes.total
    return sum
  }

  async close(): Promise<void> {
    for (const view of this.#views.values()) view.finish('the log is closed')
  }
}

/** Where an append goes: after which entry, the mark that is expected there, and the one that it leaves. */
type Place = { before: Position; expected: string; mark: string }
type Append = { position: Position; bytes: Uint8Array; resolve: () => void; reject: (error: Error) => void }

/** As log/etcd/partition.ts: one append of all that waits at a time, and the mark of the one before is what it expects. */
export class SimLog implements PartitionLog {
  readonly depth: number
  readonly known: KnownLog
  readonly #partition: string
  readonly #log: TrueLog
  readonly #ground: LogGround
  readonly #line: Line
  #mark = ''
  #tail: Position = NOWHERE
  #queue: Append[] = []
  #busy = false

  constructor(partition: string, log: TrueLog, ground: LogGround, line: Line, depth: number) {
    this.depth = depth
    this.#partition = partition
    this.#log = log
    this.#ground = ground
    this.#line = line
    this.known = new KnownLog(upTo => this.#purge(upTo))
    log.views.add(this)
  }

  end = () => this.known.end
  start = () => this.known.first
  trim = (upTo: Position) => this.known.trim(upTo)

  append(bytes: Uint8Array, expected: Position): Promise<void> {
    if (this.known.over) return Promise.reject(this.known.over)
    if (expected !== this.#tail) return Promise.reject(this.#conflict(expected))
    this.#tail += 1
    return new Promise((resolve, reject) => {
      this.#queue.push({ position: this.#tail, bytes, resolve, reject })
      if (!this.#busy) void this.#drain()
    })
  }

  async read(after: Position, maxBytes: number): Promise<LoggedEntry[]> {
    const first = Math.max(after + 1, this.known.first)
    if (first > this.known.end) return []
    const found = await this.#ask(() => this.#entries(first, maxBytes))
    for (const { position, bytes } of found) this.known.appended(position, bytes.length)
    if (found.length === 0) throw new LogUnavailable(`entry ${first} of partition ${this.#partition} is not there`)
    return found
  }

  async refresh(): Promise<void> {
    if (this.known.over) throw this.known.over
    const ask = () => this.#ask(({ mark, end, first }) => ({ mark, end, first }))
    const { mark, end } = await this.known.find(ask)
    if (this.#busy) return
    this.#mark = mark
    this.#tail = end
  }

  resume(end: Position): boolean {
    if (this.known.over || this.#busy || this.known.end > end) return false
    this.known.reaches(end)
    // As a log that ends elsewhere, it refuses what expects this.
    this.#mark = this.#log.end === end ? this.#log.mark : NOWHERE_MARK
    this.#tail = end
    return true
  }

  wait(after: Position, signal?: AbortSignal): Promise<void> {
    return this.known.waiters.wait(after, this.known.end, signal)
  }

  async #purge(upTo: Position): Promise<void> {
    while (!this.known.over && !(await this.#isPurged(upTo)));
  }

  #isPurged(upTo: Position): Promise<boolean> {
    return this.#ask(log => log.trim(upTo)).then(
      () => true,
      () => false,
    )
  }

  finish(reason: string): void {
    this.#log.views.delete(this)
    this.known.finish(reason)
  }

  async #drain(): Promise<void> {
    this.#busy = true
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0)
      try {
        await this.#commit(group)
        for (const { position, bytes, resolve } of group) {
          this.known.appended(position, bytes.length)
          resolve()
        }
      } catch (error) {
        this.#tail = NOWHERE
        for (const { reject } of [...group, ...this.#queue.splice(0)]) reject(error as Error)
      }
    }
    this.#busy = false
  }

  async #commit(group: Append[]): Promise<void> {
    const [expected, mark] = [this.#mark, this.#ground.newMark()]
    const before = group[0]!.position - 1
    await this.#ask(log => this.#put(log, group, { before, expected, mark }), this.#detour)
    this.#mark = mark
  }

  #put(log: TrueLog, group: Append[], { before, expected, mark }: Place): void {
    if (this.#ground.logs.get(this.#partition) !== log) throw new LogUnavailable('the partition was dropped')
    if (log.mark !== expected || log.end !== before) throw this.#conflict(before)
    const trouble = this.#ground.trouble(this.#partition)
    if (trouble === 'fails') throw away()
    for (const { bytes } of group) log.entries.push(bytes.slice())
    log.mark = mark
    this.#tell(log)
    if (trouble) throw away()
  }

  readonly #detour = (go: () => void): boolean => {
    const append = { from: this.#line.from, partition: this.#partition, go }
    return [...this.#ground.detours].some(detour => detour(append))
  }

  /** Who follows hears of it, sooner or later. */
  #tell(log: TrueLog): void {
    const { end } = log
    for (const view of log.views) if (view !== this) view.#hear(end)
  }

  #hear(end: Position): void {
    const delay = this.#line.delay()
    this.#line.timer.after(delay ?? 500, () => {
      if (delay === undefined) this.#hear(end)
      else this.#line.arrive(() => this.known.reaches(end))
    })
  }

  #entries(first: Position, maxBytes: number): LoggedEntry[] {
    const log = this.#log
    const found: LoggedEntry[] = []
    for (let position = Math.max(first, log.first), bytes = 0; position <= log.end && bytes < maxBytes; position++) {
      const entry = log.entries[position - log.first]!
      // No Buffer: some clients' are, and some are not.
      found.push({ position, bytes: new Uint8Array(entry) })
      bytes += entry.length
    }
    return found
  }

  #ask<T>(ask: (log: TrueLog) => T, detour?: (go: () => void) => boolean): Promise<T> {
    return asked(this.#line, PATIENCE_MS, () => ask(this.#log), away, detour)
  }

  #conflict(expected: Position): PositionConflict {
    return new PositionConflict(`partition ${this.#partition}: expected ${expected}, the log does not end there`)
  }
}

function away(): LogUnavailable {
  return new LogUnavailable('the log can not be reached')
}
