/** The streams of all tables, those that were deleted within the last day included. */
import { type Clock, sleep } from '../base/clock.ts'
import type { Tables } from '../cluster/cluster.ts'
import type { Leaders, PartitionLeader } from '../cluster/leaders.ts'
import { type StreamRecord, streamsOf } from '../cluster/streamrecords.ts'
import { internalServerError } from '../model/errors.ts'
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

/** How long a request waits for a partition that has no leader just now. */
const LEADER_WAIT_MS = 5000
const LEADER_CHECK_MS = 20

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

  async shard({ label }: StreamRecord, partition: string): Promise<ShardState | undefined> {
    return (await this.#leader(partition)).changes.shard(label)
  }

  async read(partition: string, request: ChangesRequest): Promise<ChangesPage | undefined> {
    const leader = this.#ports.leaders.find(partition) ?? (await this.#leader(partition))
    return leader.changes.read(request)
  }

  async #leader(partition: string): Promise<PartitionLeader> {
    const { leaders, clock } = this.#ports
    for (let waited = 0; waited < LEADER_WAIT_MS; waited += LEADER_CHECK_MS) {
      const leader = leaders.find(partition)
      if (leader) return leader
      await sleep(clock, LEADER_CHECK_MS)
    }
    throw internalServerError()
  }
}

/** Sorts as the ARNs do, which differ in nothing else. */
function nameOf({ table, label }: StreamRecord): string {
  return `${table.name}/stream/${label}`
}
