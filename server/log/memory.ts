/** The log port without a disk, for `--in-memory` and tests. What is appended is as durable as the process. */
import {
  type LoggedEntry,
  type LogStore,
  LogUnavailable,
  type PartitionLog,
  type Position,
  PositionConflict,
} from './log.ts'
import { Waiters } from './waiters.ts'

class MemoryLog implements PartitionLog {
  #first: Position
  #entries: Uint8Array[] = []
  #bytes = 0
  readonly depth = 4
  readonly waiters = new Waiters()

  constructor(base: Position) {
    this.#first = base + 1
  }

  end(): Position {
    return this.#first + this.#entries.length - 1
  }

  start(): Position {
    return this.#first
  }

  async append(bytes: Uint8Array, expected: Position): Promise<void> {
    if (expected !== this.end()) throw new PositionConflict(`expected ${expected}, the log ends at ${this.end()}`)
    this.#entries.push(bytes)
    this.#bytes += bytes.length
    this.waiters.wake(this.end())
  }

  async read(after: Position, maxBytes: number): Promise<LoggedEntry[]> {
    const found: LoggedEntry[] = []
    let bytes = 0
    for (let position = Math.max(after + 1, this.#first); position <= this.end() && bytes < maxBytes; position++) {
      const entry = this.#entries[position - this.#first]!
      found.push({ position, bytes: entry })
      bytes += entry.length
    }
    return found
  }

  trim(upTo: Position): void {
    const count = Math.min(upTo, this.end()) - this.#first + 1
    if (count <= 0) return
    for (const entry of this.#entries.splice(0, count)) this.#bytes -= entry.length
    this.#first += count
  }

  async refresh(): Promise<void> {}

  resume(end: Position): boolean {
    return end === this.end()
  }

  wait(after: Position, signal?: AbortSignal): Promise<void> {
    return this.waiters.wait(after, this.end(), signal)
  }

  size(): number {
    return this.#bytes
  }
}

export class MemoryLogStore implements LogStore {
  #logs = new Map<string, MemoryLog>()

  async open(partition: string, base: Position): Promise<PartitionLog> {
    let log = this.#logs.get(partition)
    if (!log) this.#logs.set(partition, (log = new MemoryLog(base)))
    return log
  }

  async drop(partition: string): Promise<void> {
    this.#logs.get(partition)?.waiters.end(new LogUnavailable('the partition was dropped'))
    this.#logs.delete(partition)
  }

  partitions(): string[] {
    return [...this.#logs.keys()]
  }

  size(): number {
    let sum = 0
    for (const log of this.#logs.values()) sum += log.size()
    return sum
  }

  async close(): Promise<void> {
    for (const log of this.#logs.values()) log.waiters.end(new LogUnavailable('the log is closed'))
  }
}
