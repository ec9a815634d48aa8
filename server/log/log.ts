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
  /** Position of the last durable entry; 0 for a log that never had one. */
  end(): Position
  /** Position of the oldest entry still readable; `end() + 1` when there is none. */
  start(): Position
  /**
   * Appends after `expected`. Appends may be pipelined: the next may expect this one's position before this one resolved.
   * Errors: `PositionConflict`; `LogUnavailable` (the entry, and those pipelined behind it, may or may not be there: read on).
   */
  append(bytes: Uint8Array, expected: Position): Promise<void>
  /** Entries after `after`, oldest first, about `maxBytes` of them and at least one, if there is one. */
  read(after: Position, maxBytes: number): Promise<LoggedEntry[]>
  /** Entries up to and including `upTo` are no longer needed. Their space is returned some time later. */
  trim(upTo: Position): void
}

export interface LogStore {
  /**
   * The partition's log. One that holds no entries, be it new or trimmed whole, continues after `base`: the position that
   * the caller has applied durably.
   */
  open(partition: string, base: Position): Promise<PartitionLog>
  /** Forgets a partition and all its entries. */
  drop(partition: string): Promise<void>
  /** Partitions that have entries here. */
  partitions(): string[]
  /** Bytes of entries that are kept only because they are not trimmed yet. */
  size(): number
  close(): Promise<void>
}

export class PositionConflict extends Error {
  override name = 'PositionConflict'
}

export class LogUnavailable extends Error {
  override name = 'LogUnavailable'
}
