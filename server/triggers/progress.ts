/** How far a trigger is, by the checkpoints of all of its shards. */
import type { Metadata } from '../metadata/metadata.ts'
import { type Checkpoint, checkpointKey } from './records.ts'

export type Progress = {
  /** What became of the last batch, of all shards; undefined before the first. */
  result: string | undefined
  /** When the oldest change was made that is being delivered; epoch milliseconds. Undefined for none. */
  waitingSince: number | undefined
  /** Shards that are closed, and all of them delivered. */
  ended: ReadonlySet<string>
}

/** Errors: MetadataUnavailable. */
export async function readProgress(metadata: Metadata, trigger: string): Promise<Progress> {
  const prefix = checkpointKey(trigger)
  const entries = await metadata.list(prefix)
  const shards = entries.map(({ key, value }) => {
    return { shard: key.slice(prefix.length), checkpoint: JSON.parse(value) as Checkpoint }
  })
  const results = shards.flatMap(({ checkpoint }) => checkpoint.result ?? [])
  const waiting = shards.flatMap(({ checkpoint }) => checkpoint.lanes.flatMap(lane => lane.waitingSince ?? []))
  const isEnded = ({ lanes }: Checkpoint) => lanes.every(({ ended }) => ended)
  return {
    result: results.sort((a, b) => b.time - a.time)[0]?.text,
    waitingSince: waiting.length === 0 ? undefined : Math.min(...waiting),
    ended: new Set(shards.flatMap(({ shard, checkpoint }) => (isEnded(checkpoint) ? [shard] : []))),
  }
}
