/**
 * Whether a partition may be read.
 *
 * INV-G2  A partition that others have taken over from answers nothing: what it has may be old by now. Nor does one that is
 *         still being filled.
 */
import type { PartitionSchema } from '../partition/schema.ts'
import { NotLeading } from './pipeline.ts'

/** Errors: NotLeading. */
export function checkServing(schema: PartitionSchema | undefined): void {
  if (schema?.sealed) throw new NotLeading('other partitions have taken over')
  if (schema?.filling) throw new NotLeading('the partition is still being filled')
}
