/** The rows of a partition's file, as its readers and its writer see them. */

/** An item as it is stored: the JSON text it travels in, and its DynamoDB size in bytes. */
export type Image = { json: string; size: number }

/**
 * A contiguous read of encoded keys, `from` inclusive and `to` exclusive; `after` is exclusive in reading direction.
 * The page ends at the row that reaches `limit` rows or `maxBytes` of item size.
 */
export type RowRange = {
  from: Buffer
  to: Buffer
  after?: Buffer
  reverse?: boolean
  limit?: number
  maxBytes: number
  /** Only the rows' texts are wanted: the page may bring them in one. */
  splice?: boolean
}

/** Texts of rows, joined by commas. */
export type Spliced = { text: string; count: number }

export type Page = {
  rows: Image[]
  /** In place of `rows`, if that was asked for and the page is whole. */
  spliced?: Spliced
  /** Sum of the rows' sizes. */
  bytes: number
  /** True if the page ended by `limit` or `maxBytes`, whether or not more rows follow. */
  cut: boolean
}

/** Rows and the sum of their sizes. */
export type RowStatistics = { items: number; bytes: number }

/** How far the log is applied, and what that adds up to. */
export type AppliedState = RowStatistics & {
  /** The last entry applied; 0 before the first. */
  position: number
  /** Hash of that entry: the next one must name it. */
  chain: string
  /** The last leader's epoch. */
  epoch: number
}

/** An item that expires, at a time in epoch seconds. */
export type Expiry = { key: Uint8Array; expires: number }

/**
 * A change of an item, as its partition's stream keeps it. Images only as the stream's view type has them; sizes are in bytes,
 * undefined where there was, or is, no item.
 */
export type ChangeRow = {
  /** Grows from change to change of the partition; see `sequenceOf`. */
  sequence: bigint
  /** Epoch milliseconds. */
  time: number
  /** The service's own doing, not a request's. */
  byService: boolean
  key: Uint8Array
  before: number | undefined
  after: number | undefined
  oldImage: string | undefined
  newImage: string | undefined
  /** The request's, as a `traceparent`; not kept in the file, and only known to who led as it was made. */
  trace?: string
}

/** The changes that one entry made, told by the entry itself: it has them all. */
export type ChangedEntry = {
  /** The sequence number of the last of them. */
  last: bigint
  /** Epoch milliseconds. */
  time: number
  /** Whether its records show what was there before, and what is there now. */
  oldImages: boolean
  newImages: boolean
  bytes: Uint8Array
}

/** A stream as a partition knows it: its records are those from `since` on, up to but without `until`. */
export type StreamRow = {
  label: string
  since: bigint
  /** Undefined while it is enabled. */
  until: bigint | undefined
  /** When it was disabled, epoch milliseconds. */
  endedAt: number | undefined
}

/** An item that a transaction holds until it is resolved. */
export type LockRow = {
  key: Uint8Array
  /** False if the transaction only rests on the item. */
  changes: boolean
  /** If it changes the item: what becomes of it; undefined deletes it. */
  image: Image | undefined
}

/** What a transaction holds here, without being decided. */
export type PreparedRow = {
  /** UUID. */
  transaction: string
  /** Tells this prepare from any other of the same transaction. */
  ticket: string
  /** The partition that decides. */
  home: string
  locks: LockRow[]
}

/** A partition of a transaction other than its home, and the ticket of its prepare. */
export type Participant = { partition: string; ticket: string }

export type Outcome = 'committed' | 'aborted'
/** How a transaction has ended: committed, at the time of its home's entry in epoch milliseconds, or not. */
export type Ending = { committed: number } | 'aborted'

/** What a transaction's home has decided. */
export type DecisionRow = {
  transaction: string
  outcome: Outcome
  /** Epoch milliseconds. */
  time: number
  participants: Participant[]
}

/** A committed transaction's client token. */
export type TokenRow = {
  token: string
  /** Hash of the request. */
  request: string
  /** Epoch milliseconds: the token means nothing from then on. */
  expires: number
  /** What a replay is charged for each action, in read units. */
  units: number[]
}
