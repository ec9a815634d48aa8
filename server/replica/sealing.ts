/**
 * The end of a partition that others take over from: no change may begin, what holds items is waited for, and an entry seals it.
 * From then on nothing is served (INV-G1, INV-G2). When all rows are where they go, the others may begin.
 */
import type { Position } from '../log/log.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Applier } from './applier.ts'
import type { Batches } from './batches.ts'
import type { Feeders } from './feeders.ts'
import type { Locks } from './locks.ts'
import { NotLeading } from './pipeline.ts'

export type SealingPorts = {
  reader: StoreReader
  applier: Applier
  batches: Batches
  locks: Locks
  feeders: Feeders
}

/** Writes wait as long as transactions that hold items, up to here. */
const PATIENCE_MS = 1000

/** Resolves once the schema, which seals, is applied. Errors: NotLeading, also while a transaction holds items: then requests are served again. */
export async function seal(schema: PartitionSchema, { batches, locks }: SealingPorts): Promise<void> {
  batches.suspend()
  if (!(await locks.settled(PATIENCE_MS))) {
    batches.resume()
    throw new NotLeading('a transaction holds items, and its outcome is not known: the partition is not sealed yet')
  }
  await batches.adopt(schema)
}

/** What those who take over must know: the last position that was sealed; what an index's partition had taken in, by source. */
export type HandedOver = { position: Position; consumed?: Record<string, Position> }

/** Resolves once the rows of all entries are where they go. */
export async function handedOver({ reader, applier, feeders }: SealingPorts): Promise<HandedOver> {
  const { position } = applier.state
  await feeders.reachedAll(position)
  return applier.schema?.index ? { position, consumed: reader.allConsumed() } : { position }
}
