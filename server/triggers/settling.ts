/** Brings a trigger whose state is passing to the one that lasts. What it does may be done by two processes at once. */
import type { Metadata } from '../metadata/metadata.ts'
import { isRetired, shardsOf } from '../streams/shards.ts'
import type { Streams } from '../streams/streams.ts'
import type { KnownTrigger } from './known.ts'
import {
  type Checkpoint,
  checkpointKey,
  realmOf,
  runningKey,
  type TriggerRecord,
  type TriggerState,
  triggerNameKey,
} from './records.ts'

export type SettlingPorts = { metadata: Metadata; streams: Streams; now(): number }

/** Does the next step if it can be done now. */
export async function settle(trigger: KnownTrigger, ports: SettlingPorts): Promise<void> {
  const { record } = trigger
  switch (record.state) {
    case 'Creating':
      return begin(trigger, ports)
    case 'Enabling':
    case 'Updating':
      return turn(trigger, record.enabled ? 'Enabled' : 'Disabled', ports)
    case 'Disabling':
      if (await isRunning(record, ports)) return
      return turn(trigger, 'Disabled', ports)
    case 'Deleting':
      if (await isRunning(record, ports)) return
      return remove(trigger, ports)
  }
}

/** Where it begins is settled before anything is delivered: with LATEST, it is the changes from now on. */
async function begin(trigger: KnownTrigger, ports: SettlingPorts): Promise<void> {
  const { record } = trigger
  const stream = ports.streams.find(record.table, record.label)
  if (!stream) return
  const puts: { key: string; value: string }[] = []
  for (const shard of shardsOf(stream)) {
    const state = await ports.streams.shard(stream, shard.partition)
    // The stream is being enabled; one that is retired never knew it.
    if (!state && !isRetired(stream, shard)) return
    const from = state && record.settings.startingPosition === 'LATEST' ? (state.until ?? state.next) : 0n
    const lanes = Array.from({ length: record.settings.parallelization }, () => ({ from: String(from) }))
    const checkpoint: Checkpoint = { lanes }
    puts.push({ key: checkpointKey(record.id, shard.id), value: JSON.stringify(checkpoint) })
  }
  await turn(trigger, record.enabled ? 'Enabled' : 'Disabled', ports, puts)
}

async function turn(
  { record, key, version }: KnownTrigger,
  state: TriggerState,
  { metadata, now }: SettlingPorts,
  puts: { key: string; value: string }[] = [],
): Promise<void> {
  const settled: TriggerRecord = { ...record, state, changedAt: now() }
  await metadata.commit({ guards: [{ key, version }], puts: [...puts, { key, value: JSON.stringify(settled) }] })
}

async function remove({ record, key, version }: KnownTrigger, { metadata }: SettlingPorts): Promise<void> {
  const checkpoints = await metadata.list(checkpointKey(record.id))
  const deletes = [key, triggerNameKey(realmOf(key), record), ...checkpoints.map(entry => entry.key)]
  await metadata.commit({ guards: [{ key, version }], deletes })
}

async function isRunning({ id }: TriggerRecord, { metadata }: SettlingPorts): Promise<boolean> {
  return (await metadata.list(runningKey(id))).length > 0
}
