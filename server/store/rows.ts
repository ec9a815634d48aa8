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
}

export type Page = {
  rows: Image[]
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
