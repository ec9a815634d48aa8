/** Ranges of encoded keys. */

/** `from` inclusive, `to` exclusive. */
export type KeyRange = { from: Buffer; to: Buffer }
