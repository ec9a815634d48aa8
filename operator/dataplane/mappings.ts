/** Event source mappings as the cluster has them: what the metadata says of them, and of the streams they are on. */
import type { Clock } from '../../server/base/clock.ts'
import type { Realm } from '../../server/cluster/records.ts'
import type { Metadata } from '../../server/metadata/metadata.ts'
import { KnownStreams } from '../../server/streams/publish/known.ts'
import { shardsOf } from '../../server/streams/shards.ts'
import { KnownTriggers } from '../../server/triggers/known.ts'
import { type Progress, readProgress } from '../../server/triggers/progress.ts'
import type { TriggerRecord } from '../../server/triggers/records.ts'

export class Mappings {
  readonly #metadata: Metadata
  readonly #triggers: KnownTriggers
  readonly #streams: KnownStreams

  constructor(metadata: Metadata, realm: Realm, clock: Clock) {
    this.#metadata = metadata
    this.#triggers = new KnownTriggers(metadata, realm)
    this.#streams = new KnownStreams(metadata, realm, clock)
  }

  /** `changed` is told the ids of mappings that came, have changed, or are gone. */
  async start(changed: (ids: string[]) => void): Promise<void> {
    this.#triggers.listen(changed)
    await this.#streams.start()
    await this.#triggers.start()
  }

  stop(): void {
    this.#triggers.stop()
    this.#streams.stop()
  }

  find(id: string): TriggerRecord | undefined {
    return this.#triggers.find(id)?.record
  }

  /** That of the function on the stream. */
  of({
    table,
    label,
    functionName,
  }: Pick<TriggerRecord, 'table' | 'label' | 'functionName'>): TriggerRecord | undefined {
    return this.#triggers
      .list()
      .map(({ record }) => record)
      .find(other => other.table === table && other.label === label && other.functionName === functionName)
  }

  /** Errors: MetadataUnavailable. */
  progress(id: string): Promise<Progress> {
    return readProgress(this.#metadata, id)
  }

  /** Whether all is delivered that its stream will ever have, or can be read no longer. Errors: MetadataUnavailable. */
  async isDelivered({ id, table, label }: TriggerRecord): Promise<boolean> {
    const stream = this.#streams.list().find(stream => stream.table.name === table && stream.label === label)
    if (!stream) return true
    const { ended } = await this.progress(id)
    return shardsOf(stream).every(shard => ended.has(shard.id))
  }
}
