/**
 * The cluster as a server sees it: tables by name, their items by key, whichever partitions hold them.
 * Handlers depend on this interface alone.
 */
import type { KeyRange } from '../codec/range.ts'
import type { GlobalIndexRecord, TableRecord } from '../model/table.ts'
import type { CheckCommand, Image, Page, WriteCommand, WriteOutcome } from '../partition/command.ts'
import type { RowStatistics } from '../store/rows.ts'

export type TableStatistics = {
  table: RowStatistics
  /** By index name, local and global. */
  indexes: Record<string, RowStatistics>
}

/** A change to a table record: returns the new record, or throws the DynamoError that refuses it. Runs again on a conflict. */
export type TableChange = (current: TableRecord, now: number) => TableRecord

/** Table life. Everything a caller learns from `find` and `list` is from a cache that the metadata store keeps fresh. */
export interface Tables {
  /** The record, in any status; undefined if there is none. */
  find(name: string): TableRecord | undefined
  /** The same as it is now, however late the cache. Errors: those of the metadata. */
  latest(name: string): Promise<TableRecord | undefined>
  /** Has `find` know what the metadata knows by now, if that answers soon. @returns whether that is more than `find` knew */
  refresh(name: string): Promise<boolean>
  /** All names, in UTF-8 byte order. */
  list(): string[]
  /**
   * Registers a table in status CREATING and has its partitions made. Resolves with the record as registered, once
   * the table is ACTIVE or after a short while, whichever is first. Partitions are chosen here: pass none.
   * Errors: ResourceInUseException `Table already exists: <T>`.
   */
  create(record: TableRecord): Promise<TableRecord>
  /**
   * Changes the record. A global index added with status CREATING is built and backfilled in the background, one set to
   * DELETING is removed; a record left in status UPDATING turns ACTIVE when there is nothing left to do. Resolves like
   * `create`, with the record as the change returned it. Errors: ResourceNotFoundException of the control plane, or what
   * `change` throws.
   */
  change(name: string, change: TableChange): Promise<TableRecord>
  /** Sets DELETING, then drops the table and its data. Resolves like `create`. `check` may throw to refuse. */
  delete(name: string, check: (current: TableRecord) => void): Promise<TableRecord>
  statistics(table: TableRecord): Promise<TableStatistics>
}

/** Items, routed to the partitions that hold them. `table` must come from `Tables.find`. */
export interface Items {
  get(table: TableRecord, key: Buffer, consistent: boolean): Promise<Image | undefined>
  write(table: TableRecord, command: WriteCommand): Promise<WriteOutcome>
  /**
   * One page of the rows of the table, a local index (by its id) or a global one, in key order over all partitions that
   * the range touches. Never more than `limit` rows or `maxBytes` (and the row that crosses it).
   */
  range(table: TableRecord, target: RangeTarget, request: RangePage, consistent: boolean): Promise<Page>
}

export type RangeTarget = { localIndex: string } | { globalIndex: GlobalIndexRecord } | undefined

export type RangePage = KeyRange & {
  after?: Buffer
  reverse?: boolean
  limit?: number
  maxBytes: number
  /** Only the rows' texts are wanted: the page may bring them in one. */
  splice?: boolean
}

export type TransactAction = { table: TableRecord; command: WriteCommand | CheckCommand }

export type TransactToken = {
  token: string
  /** Hash of the request, without what may differ between retries. */
  request: string
}

/** Items of any tables and partitions, at one point in time. `table` must come from `Tables.find`. */
export interface Transactions {
  /**
   * Does all actions, which are on different items, or none. `replayed`: the token's transaction was done before, and the
   * units are those of reading the items. Units are those of single requests: a transaction costs twice the table's.
   * Errors: TransactionCanceledException; TransactionInProgressException, IdempotentParameterMismatchException;
   * ThrottlingException; ResourceNotFoundException if a table goes meanwhile.
   */
  write(actions: TransactAction[], token?: TransactToken): Promise<{ outcomes: WriteOutcome[]; replayed: boolean }>
  /** In the order of `gets`. Errors: TransactionCanceledException; ResourceNotFoundException. */
  read(gets: { table: TableRecord; key: Buffer }[]): Promise<(Image | undefined)[]>
}

export interface Cluster {
  readonly tables: Tables
  readonly items: Items
  readonly transactions: Transactions
  /** Wall clock, epoch milliseconds. */
  now(): number
  /** 122 random bits as a UUID. */
  uuid(): string
}
