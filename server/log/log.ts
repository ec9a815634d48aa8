/**
 * The log port: where a partition's entries become durable, in one order, once.
 *
 * INV-L1  An append names the position of the entry before it; if another entry took that place, the append fails.
 *         A deposed leader can never append. Enforced by every adapter, held by test/contract/log.
 * INV-L2  An append that resolved is durable: it is read back, at its position, after any crash.
 * INV-L3  Positions are contiguous: 1, 2, 3 ... A gap is corruption, never skipped.
 */

/** An entry's place in its partition's log; the first is 1, and 0 stands before it. */
export type Position = number

export type LoggedEntry = { position: Position; bytes: Uint8Array }

export interface PartitionLog {
  /** How many appends it carries at once; more would only wait here, where they can't be gathered into one. */
  readonly depth: number
  /**
   * Position of the last durable entry that is known here; 0 for a log that never had one. Right after `open` and `refresh`
   * that is the log's own; later, that of what was appended, waited for or read here. Only an entry appended behind it proves
   * that nobody else has gone on meanwhile (INV-L1): hence a new leader's epoch entry.
   */
  end(): Position
  /** Position of the oldest entry still readable; `end() + 1` when there is none. */
  start(): Position
  /**
   * Appends after `expected`. Appends may be pipelined: the next may expect this one's position before this one resolved; if
   * one fails, so do those behind it.
   * Errors: `PositionConflict`; `LogUnavailable` (the entry, and those pipelined behind it, may or may not be there: read on).
   * After a failure, and after another process has appended, `refresh` comes before the next append.
   */
  append(bytes: Uint8Array, expected: Position): Promise<void>
  /** Entries after `after`, oldest first, about `maxBytes` of them and at least one, if there is one. */
  read(after: Position, maxBytes: number): Promise<LoggedEntry[]>
  /** Entries up to and including `upTo` are no longer needed. Their space is returned some time later. */
  trim(upTo: Position): void
  /** Learns what other processes have appended and trimmed: `end()` and `start()` tell it then. Errors: LogUnavailable. */
  refresh(): Promise<void>
  /**
   * Instead of `refresh`, where whoever appended last has said that the log ends at `end`: what is appended next proves it.
   * False if that is not enough: then only `refresh` will do.
   */
  resume(end: Position): boolean
  /**
   * Resolves when there is an entry after `after`, whoever appended it; `end()` tells it then. While the log can't be reached
   * it goes on waiting. Errors: the signal's reason; LogUnavailable when the log is closed or dropped.
   */
  wait(after: Position, signal?: AbortSignal): Promise<void>
}

export interface LogStore {
  /**
   * The partition's log. One that holds no entries, be it new or trimmed whole, continues after `base`: the position that
   * the caller has applied durably.
   */
  open(partition: string, base: Position): Promise<PartitionLog>
  /** Forgets a partition and all its entries. */
  drop(partition: string): Promise<void>
  /** Partitions that have entries here: those there were when the store was opened, and those opened since. */
  partitions(): string[]
  /** Bytes of entries that are kept only because they are not trimmed yet, as far as this process has appended or read them. */
  size(): number
  close(): Promise<void>
}

export class PositionConflict extends Error {
  override name = 'PositionConflict'
}

export class LogUnavailable extends Error {
  override name = 'LogUnavailable'
}
