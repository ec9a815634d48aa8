/**
 * What a server asks of a partition, and what it gets: plain data, so that the two may live in different processes.
 */
import type { Condition, Update } from '../expression/bound.ts'
import type { Item } from '../model/item.ts'
import type { ChangeRow, RowRange } from '../store/rows.ts'

export type { ChangeRow, Image, Page, Spliced } from '../store/rows.ts'

export type ReturnValues = 'NONE' | 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW'

type Guard = {
  condition?: Condition
  /** Put the item that failed the condition into the error. */
  returnOnFailure?: boolean
  returnValues?: ReturnValues
  /** Waits a while for a transaction that holds the item, instead of being refused at once. */
  patient?: boolean
}

/** Keys and items are validated against the table's primary key by the server; index keys by the partition's leader. */
export type WriteCommand =
  /** `size`: of `item`, in bytes. `restored`: unfit for an index, it stays out of it, as when the index was made. */
  | ({ kind: 'put'; key: Buffer; item: Item; size: number; restored?: boolean } & Guard)
  | ({ kind: 'delete'; key: Buffer; keyItem: Item } & Guard)
  /**
   * Without `update`: creates the item with its key alone, or leaves it. `plainSize`: only the item's own size is limited,
   * as in transactions and PartiQL.
   */
  | ({ kind: 'update'; key: Buffer; keyItem: Item; update?: Update; plainSize?: boolean } & Guard)

/** A transaction's condition on an item that it leaves as it is. */
export type CheckCommand = {
  kind: 'check'
  key: Buffer
  keyItem: Item
  condition: Condition
  returnOnFailure?: boolean
}

/** Write units: the table's own, and those of every index touched, by index name. */
export type WriteUnits = { table: number; indexes: Record<string, number> }

export type WriteOutcome = {
  /** What `returnValues` asked for, as JSON text of an item; absent when there is nothing to return. */
  attributes?: string
  units: WriteUnits
}

/** A page of the partition's rows, or of one of its local indexes, named by id. */
export type RangeRequest = RowRange & { index?: string }

/** What a partition has of a stream: a shard. Sequence numbers are those of store/changes.ts. */
export type ShardState = {
  /** The shard's numbers: from `since` on, up to but without `until`, which is undefined while the shard is open. */
  since: bigint
  until: bigint | undefined
  /** Changes up to here were dropped: their day is over. */
  trimmed: bigint
  /** Changes that come from now on have this number or a greater one. */
  next: bigint
}

/** `limit` changes at most, of about `maxBytes`, from the number `from` on. */
export type ChangesRequest = { label: string; from: bigint; limit: number; maxBytes: number }

/** `resume`: where the next page begins; undefined at the end of a shard that is closed. */
export type ChangesPage = ShardState & { rows: ChangeRow[]; resume: bigint | undefined }
