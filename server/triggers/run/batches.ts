/** Gathers the changes of a lane into batches: as many as fit, or as come within the batching window. */
import type { ChangeRow, ChangesPage } from '../../partition/command.ts'
import type { Delivered } from '../event.ts'

export type BatchLimits = {
  records: number
  /** For how long a batch that is not full is waited for; milliseconds. */
  waitMs: number
  /** All of a batch are of one tumbling window, if there are any. */
  windowOf: ((time: number) => number) | undefined
}

export type BatchPorts = {
  /** Others have taken over from the shard's partition. */
  isRetired: boolean
  /** Undefined while the shard is not there; for good if it is retired. */
  read(from: bigint): Promise<ChangesPage | undefined>
  /** Undefined for what is not to be delivered in this lane. */
  recordOf(row: ChangeRow): Delivered | undefined
  wait(ms: number): Promise<void>
  now(): number
}

/**
 * `next`: all changes with a lesser number are in this batch or before it. `isDrained`: there are no more just now; `isLast`: nor
 * will there be.
 */
export type Batch = { records: Delivered[]; next: bigint; isDrained: boolean; isLast: boolean }

/** What may come after a batch. */
const MORE = { isDrained: false, isLast: false }

/** Of an event's records together. */
const MAX_BYTES = 6 * 1024 * 1024 - 1024
const POLL_MS = 20

/** May be empty: for others that are passed over, or if there is nothing. */
export async function gather(from: bigint, limits: BatchLimits, ports: BatchPorts): Promise<Batch> {
  const records: Delivered[] = []
  let bytes = 0
  let deadline = 0
  let next = from
  while (true) {
    const page = await ports.read(next)
    for (const row of page?.rows ?? []) {
      const record = ports.recordOf(row)
      if (record) {
        bytes += Buffer.byteLength(record.text) + 1
        if (records.length > 0 && (bytes > MAX_BYTES || differ(records[0]!, record, limits)))
          return { records, next: row.sequence, ...MORE }
        if (records.length === 0) deadline = ports.now() + limits.waitMs
        records.push(record)
      }
      next = row.sequence + 1n
      if (records.length === limits.records) return { records, next, ...MORE }
    }
    const isLast = page ? page.resume === undefined : ports.isRetired
    const isDrained = !page || isLast || page.resume! >= page.next
    if (page?.resume !== undefined && page.resume > next) next = page.resume
    if (records.length === 0 || isLast) return { records, next, isDrained, isLast }
    if (!isDrained) continue
    const left = deadline - ports.now()
    if (left <= 0) return { records, next, isDrained, isLast }
    await ports.wait(Math.min(left, POLL_MS))
  }
}

function differ(a: Delivered, b: Delivered, { windowOf }: BatchLimits): boolean {
  return windowOf !== undefined && windowOf(a.time) !== windowOf(b.time)
}
