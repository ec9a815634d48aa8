/**
 * The format of partition files, and of the entries of their logs: one number for both, so that a file is never of an older one than an
 * entry that it has applied. An entry says from where on a log and its replicas' files are of a later format; it comes when every
 * node that lives can read that (cluster/host/raising.ts). Until then nodes of several versions work side by side, and each can
 * have the file of any other.
 */
import { Newer } from '../base/failure.ts'

/**
 * What this version reads, and writes where it may. 2: transactions. 3: streams, times to live. 4: entries kept for streams,
 * partitions that take over from others.
 */
export const FORMAT = 4

/** Files begin with it, and older ones are brought to it when they are opened: before, no entry told of formats. */
export const FIRST_FORMAT = 4

/** Errors: Newer. */
export function checkFormat(what: string, format: number, reads: number): void {
  if (format > reads)
    throw new Newer(`${what} of a newer Tavola (format ${format}, this one reads up to ${reads}). Start the newer one.`)
}
