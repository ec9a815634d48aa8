/** The streams of all tables, those that were deleted within the last day included. */
import type { Clock } from '../base/clock.ts'
import type { Tables } from '../cluster/cluster.ts'
import type { Leaders } from '../cluster/leaders.ts'
import { askLeader } from '../cluster/routes.ts'
import { type StreamRecord, streamsOf } from '../cluster/streamrecords.ts'
import type { TableRecord } from '../model/table.ts'
import type { ChangesPage, ChangesRequest, ShardState } from '../partition/command.ts'

/** What handlers see. `partition`: one of the stream's. */
export interface Streams {
  /** In the order of their ARNs. `table`: of tables of this name only, also former ones. */
  list(table?: string): StreamRecord[]
  find(table: string, label: string): StreamRecord | undefined
  /** Undefined while the stream is being enabled there, or when it is gone. Errors: InternalServerError. */
  shard(stream: StreamRecord, partition: string): Promise<ShardState | undefined>
  /** The same. */
  read(partition: string, request: ChangesRequest): Promise<ChangesPage | undefined>
}

export type StreamPorts = {
  tables: Pick<Tables, 'find' | 'list'>
  remains: { list(): TableRecord[] }
  leaders: Leaders
  clock: Clock
}

export class ClusterStreams implements Streams {
  readonly #ports: StreamPorts

  constructor(ports: StreamPorts) {
    this.#ports = ports
  }

  list(table?: string): StreamRecord[] {
    const { tables, remains, clock } = this.#ports
    const names = table === undefined ? tables.list() : [table]
    const records = [...names.flatMap(name => tables.find(name) ?? []), ...remains.list()]
    const streams = records
      .filter(({ name }) => table === undefined || name === table)
      .flatMap(record => streamsOf(record, clock.now()))
    return streams.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  }

  find(table: string, label: string): StreamRecord | undefined {
    const { tables, clock } = this.#ports
    const record = tables.find(table)
    const own = record && streamsOf(record, clock.now()).find(stream => stream.label === label)
    return own ?? this.list(table).find(stream => stream.label === label)
  }

  shard({ label }: StreamRecord, partition: string): Promise<ShardState | undefined> {
    const { leaders, clock } = this.#ports
    return askLeader(leaders, clock, partition, ({ changes }) => changes.shard(label))
  }

  read(partition: string, request: ChangesRequest): Promise<ChangesPage | undefined> {
    const { leaders, clock } = this.#ports
    return askLeader(leaders, clock, partition, ({ changes }) => changes.read(request))
  }
}

/** Sorts as the ARNs do, which differ in nothing else. */
function nameOf({ table, label }: StreamRecord): string {
  return `${table.name}/stream/${label}`
}
