/**
 * The names of shards and of their changes, worked out from what they are the names of: a shard from its stream and partition,
 * a sequence number from the partition and the change's place in it. Pure.
 */
import { createdAt, type StreamRecord } from '../cluster/streamrecords.ts'
import type { PartitionSlice } from '../model/table.ts'

/** Added to every number, so that all have as many digits, 21, as DynamoDB's. */
const FLOOR = 10n ** 20n
/** After these come the partition's own digits: no two partitions have a number in common. */
const OWN_DIGITS = 13
const OWN = 10n ** BigInt(OWN_DIGITS)
/** Of the partition's name, as hexadecimal digits: so many as fit. */
const OWN_HEX_DIGITS = 10

/**
 * `parent`: the shard whose partition this one has taken over from. Of two that were merged it is the one with the longer line of
 * parents, for a shard can name one only: who reads all shards in the order of their lines still reads both before it.
 */
export type Shard = { id: string; partition: string; parent?: string }

/** `shardId-` with the stream's time in milliseconds, and the partition's name. Sorted, as they are listed. */
export function shardsOf(stream: StreamRecord): Shard[] {
  const parents = parentsByHeir(stream)
  const shards = stream.partitions.map(({ id }): Shard => {
    const parent = parents.get(id)
    const shard = { id: shardId(stream, id), partition: id }
    return parent === undefined ? shard : { ...shard, parent: shardId(stream, parent) }
  })
  return shards.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** By partition: the one that it names as its parent. */
function parentsByHeir({ table }: StreamRecord): Map<string, string> {
  const parents = new Map<string, string>()
  const generations = new Map<string, number>()
  // Those that retired first come first: their own parents are known by then.
  for (const { id, heirs } of table.retired ?? []) {
    const generation = generations.get(id) ?? 0
    for (const heir of heirs) {
      if (generation < (generations.get(heir) ?? 0) - 1) continue
      generations.set(heir, generation + 1)
      parents.set(heir, id)
    }
  }
  return parents
}

/** Of `shards`, those whose changes come before a shard's: two, if their partitions were merged. */
export function parentsOf({ table }: StreamRecord, { partition }: Shard, shards: Shard[]): Shard[] {
  const retired = table.retired ?? []
  if (retired.length === 0) return []
  const ids = new Set(retired.filter(({ heirs }) => heirs.includes(partition)).map(({ id }) => id))
  return shards.filter(shard => ids.has(shard.partition))
}

/** Whether others have taken over from the shard's partition: if that does not know the stream, it never will. */
export function isRetired({ table }: StreamRecord, { partition }: Shard): boolean {
  return table.retired?.some(({ id }) => id === partition) ?? false
}

function shardId(stream: StreamRecord, partition: PartitionSlice['id']): string {
  return `shardId-${String(createdAt(stream)).padStart(20, '0')}-${hexOf(partition).slice(0, 16)}`
}

/** Decimal text of a change's number, or of the place where it would be. */
export function sequenceText(partition: string, sequence: bigint): string {
  return changeNames(partition).sequence(sequence)
}

/** The texts of many changes' numbers, and their ids: 32 hexadecimal digits that no other change has. */
export function changeNames(partition: string) {
  const own = String(ownOf(partition)).padStart(OWN_DIGITS, '0')
  const name = hexOf(partition).slice(0, 16)
  return {
    sequence: (sequence: bigint) => String(FLOOR + sequence) + own,
    eventId: (sequence: bigint) => name + sequence.toString(16).padStart(16, '0'),
  }
}

/** The least number of the partition whose text is, as a number, at least `text`; or, with `after`, greater than it. */
export function sequenceAt(partition: string, text: string, after: boolean): bigint {
  const number = BigInt(text)
  const [sequence, rest] = [number / OWN - FLOOR, number % OWN]
  const own = ownOf(partition)
  const isReached = after ? own > rest : own >= rest
  return isReached ? sequence : sequence + 1n
}

function ownOf(partition: string): bigint {
  return BigInt(`0x${hexOf(partition).slice(0, OWN_HEX_DIGITS)}`)
}

/** The digits of a UUID. */
function hexOf(partition: string): string {
  return partition.replaceAll('-', '')
}
