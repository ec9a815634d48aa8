/** What requests may do with triggers: all of it is records in the metadata, and whoever runs them sees to the rest. */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Realm } from '../cluster/records.ts'
import type { Guard, Metadata } from '../metadata/metadata.ts'
import type { KnownTriggers } from './known.ts'
import { readProgress } from './progress.ts'
import { type TriggerRecord, triggerKey, triggerNameKey } from './records.ts'

export type NewTrigger = Pick<TriggerRecord, 'table' | 'label' | 'functionName' | 'enabled' | 'settings'>

/** The function has a trigger on the stream already: its id. */
export type Existing = { existing: string }

/** Returns the new record, or throws what refuses it. Runs again on a conflict. */
export type TriggerChange = (current: TriggerRecord) => TriggerRecord

export interface Triggers {
  /** In the order of their ids; those that are being deleted included. */
  list(): TriggerRecord[]
  find(id: string): TriggerRecord | undefined
  create(trigger: NewTrigger): Promise<TriggerRecord | Existing>
  /** Undefined if there is none. Errors: what `change` throws. */
  change(id: string, change: TriggerChange): Promise<TriggerRecord | Existing | undefined>
  /** What became of the last batch, of all shards; undefined before the first. */
  lastResult(id: string): Promise<string | undefined>
}

export type TriggerPorts = { metadata: Metadata; known: KnownTriggers; realm: Realm; clock: Clock; random: Random }

const PATIENCE_MS = 1000

export class ClusterTriggers implements Triggers {
  readonly #ports: TriggerPorts

  constructor(ports: TriggerPorts) {
    this.#ports = ports
  }

  list(): TriggerRecord[] {
    return this.#ports.known.list().map(({ record }) => record)
  }

  find(id: string): TriggerRecord | undefined {
    return this.#ports.known.find(id)?.record
  }

  async create(trigger: NewTrigger): Promise<TriggerRecord | Existing> {
    const { metadata, realm, random, clock } = this.#ports
    const record: TriggerRecord = { id: random.uuid(), ...trigger, state: 'Creating', changedAt: clock.now() }
    while (true) {
      const name = await this.#claim(record)
      if ('existing' in name) return name
      const puts = [...name.puts, { key: triggerKey(realm, record.id), value: JSON.stringify(record) }]
      if (!(await metadata.commit({ guards: name.guards, puts }))) continue
      await this.#seen(() => this.find(record.id) !== undefined)
      return record
    }
  }

  async change(id: string, change: TriggerChange): Promise<TriggerRecord | Existing | undefined> {
    const { metadata, realm } = this.#ports
    const key = triggerKey(realm, id)
    while (true) {
      const entry = await metadata.get(key)
      if (!entry) return undefined
      const before = JSON.parse(entry.value) as TriggerRecord
      const record = change(before)
      const isRenamed = record.functionName !== before.functionName
      const name = isRenamed ? await this.#claim(record) : { guards: [], puts: [] }
      if ('existing' in name) return name
      const guards = [{ key, version: entry.version }, ...name.guards]
      const puts = [...name.puts, { key, value: JSON.stringify(record) }]
      const deletes = isRenamed ? [triggerNameKey(realm, before)] : []
      if (!(await metadata.commit({ guards, puts, deletes }))) continue
      await this.#seen(() => (this.#ports.known.find(id)?.version ?? Number.POSITIVE_INFINITY) > entry.version)
      return record
    }
  }

  /** What makes the function on this stream the trigger's own. */
  async #claim(record: TriggerRecord): Promise<Existing | { guards: Guard[]; puts: { key: string; value: string }[] }> {
    const { metadata, realm } = this.#ports
    const key = triggerNameKey(realm, record)
    const entry = await metadata.get(key)
    const existing = entry && (JSON.parse(entry.value) as string)
    if (existing !== undefined && (await metadata.get(triggerKey(realm, existing)))) return { existing }
    return { guards: [{ key, version: entry?.version ?? 0 }], puts: [{ key, value: JSON.stringify(record.id) }] }
  }

  async lastResult(id: string): Promise<string | undefined> {
    return (await readProgress(this.#ports.metadata, id)).result
  }

  /** Who has the answer finds in the next one what it says. */
  async #seen(isSeen: () => boolean): Promise<void> {
    const { clock } = this.#ports
    for (let waited = 0; !isSeen() && waited < PATIENCE_MS; waited += 5)
      await new Promise<void>(resolve => clock.after(5, resolve))
  }
}
