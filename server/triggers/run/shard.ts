/** One shard of a trigger, run by this process as long as it holds the shard's key: its lanes, and their checkpoint. */
import { type Clock, sleep } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { StreamRecord } from '../../cluster/streamrecords.ts'
import type { Metadata } from '../../metadata/metadata.ts'
import { schemaOf } from '../../model/table.ts'
import type { ChangeRow } from '../../partition/command.ts'
import { NotLeading } from '../../replica/pipeline.ts'
import { eventRecordText, type RecordContext } from '../../streams/record.ts'
import { changeNames, isRetired, type Shard } from '../../streams/shards.ts'
import type { Streams } from '../../streams/streams.ts'
import type { Caller } from '../call/caller.ts'
import type { TriggerCounters } from '../counters.ts'
import type { Delivered } from '../event.ts'
import { matches } from '../filter/match.ts'
import { parsePattern } from '../filter/pattern.ts'
import { type Checkpoint, checkpointKey, type LaneCheckpoint, runningKey, type TriggerRecord } from '../records.ts'
import { parseTarget } from '../targets.ts'
import { Invoking } from './invoking.ts'
import { Lane } from './lane.ts'
import type { Limiter } from './limiter.ts'
import { Stopping } from './stopping.ts'

export type ShardPorts = {
  metadata: Metadata
  streams: Streams
  caller: Caller
  limiter: Limiter
  counters: TriggerCounters
  region: string
  clock: Clock
  logger: Logger
  uuid(): string
}

export type ShardTask = {
  trigger: TriggerRecord
  stream: StreamRecord
  shard: Shard
  streamArn: string
  functionArn: string
  /** Version of the key that says that this process runs it. */
  held: number
}

/** A page of changes. */
const PAGE = { limit: 1000, maxBytes: 1024 * 1024 }
/** What is done is remembered at most so much later: after a crash no more than this is delivered again. */
const SAVE_MS = 500
const RETRY_MS = 500

export class ShardRun {
  readonly task: ShardTask
  readonly #ports: ShardPorts
  readonly #stopping: Stopping
  readonly #context: RecordContext
  readonly #running: Promise<void>
  #lanes: Lane[] = []
  #result: Checkpoint['result']
  #isChanged = false
  #isLost = false
  #saving: Promise<void> | undefined

  constructor(task: ShardTask, ports: ShardPorts) {
    const { stream, shard } = task
    this.task = task
    this.#ports = ports
    this.#stopping = new Stopping(ports.clock)
    const { key } = schemaOf(stream.table)
    this.#context = { stream, key, names: changeNames(shard.partition), region: ports.region }
    this.#running = this.#run()
  }

  /** True once another process may run the shard: this one must let go of it. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** Resolves when nothing is done any more, and what was done is remembered; calls under way are cut after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.begin(graceMs)
    await this.#running
    await this.#saving
    if (graceMs > 0) await this.#save().catch(() => {})
  }

  async #run(): Promise<void> {
    const checkpoint = await this.#untilRead(() => this.#load())
    if (!checkpoint) return
    this.#lanes = this.#lanesFrom(checkpoint)
    await Promise.all(this.#lanes.map(lane => this.#runLane(lane)))
  }

  async #runLane(lane: Lane): Promise<void> {
    await this.#untilRead(() => lane.run())
  }

  /** Whatever can't be had is tried again, until this is stopped; undefined then. */
  async #untilRead<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { clock, logger } = this.#ports
    while (!this.#stopping.isStopped) {
      try {
        return await work()
      } catch (error) {
        const level = error instanceof NotLeading ? 'debug' : 'warn'
        logger[level]({ err: error, shard: this.task.shard.id }, 'a trigger can not go on just now; it will try again')
        await sleep(clock, RETRY_MS)
      }
    }
    return undefined
  }

  /** A shard without a checkpoint is one that came later: all of it is to be delivered. */
  async #load(): Promise<Checkpoint> {
    const { trigger, shard } = this.task
    const entry = await this.#ports.metadata.get(checkpointKey(trigger.id, shard.id))
    return entry ? (JSON.parse(entry.value) as Checkpoint) : { lanes: [{ from: '0' }] }
  }

  #lanesFrom({ lanes, result }: Checkpoint): Lane[] {
    this.#result = result
    const { parallelization } = this.task.trigger.settings
    return lanesFor(lanes, parallelization).map((checkpoint, number) => this.#lane(number, parallelization, checkpoint))
  }

  #lane(number: number, of: number, checkpoint: LaneCheckpoint): Lane {
    const { trigger, stream, shard, streamArn, functionArn } = this.task
    const { settings, functionName } = trigger
    const { streams, clock, logger, counters } = this.#ports
    const stopping = this.#stopping
    const onFailure = settings.onFailure === undefined ? undefined : parseTarget(settings.onFailure)
    const called = { target: parseTarget(functionName)!, onFailure, functionArn, streamArn, shard: shard.id, settings }
    const result = (text: string) => {
      this.#result = { text, time: clock.now() }
      this.#changed()
    }
    const filters = settings.filters.map(parsePattern)
    const recordOf = (row: ChangeRow): Delivered | undefined => {
      const record = this.#recordOf(row)
      if (filters.length === 0) return record
      const parsed = JSON.parse(record.text) as unknown
      return filters.some(filter => matches(filter, parsed)) ? record : undefined
    }
    const ports = {
      ...{ number, of, settings, stopping, counters, clock, recordOf },
      source: { shard: shard.id, streamArn },
      isRetired: isRetired(stream, shard),
      read: (from: bigint) => streams.read(shard.partition, { label: stream.label, from, ...PAGE }),
      invoking: new Invoking(called, { ...this.#ports, stopping, logger, result }),
      moved: () => this.#changed(),
    }
    return new Lane(ports, checkpoint)
  }

  #recordOf(row: ChangeRow): Delivered {
    const { sequence, time, trace } = row
    const text = eventRecordText(row, this.#context, this.task.streamArn)
    return { sequence, number: this.#context.names.sequence(sequence), time, text, trace }
  }

  #changed(): void {
    this.#isChanged = true
    if (this.#saving || this.#stopping.isStopped) return
    const { clock, logger } = this.#ports
    this.#saving = this.#stopping
      .wait(SAVE_MS)
      .catch(() => {})
      .then(() => this.#save())
      .catch(error => logger.debug({ err: error }, 'a checkpoint of a trigger could not be saved yet'))
      .finally(() => {
        this.#saving = undefined
        if (this.#isChanged && !this.#isLost) clock.soon(() => this.#changed())
      })
  }

  /** Only as long as the shard is this process's to run. */
  async #save(): Promise<void> {
    if (!this.#isChanged || this.#isLost) return
    this.#isChanged = false
    const { trigger, shard, held } = this.task
    const checkpoint: Checkpoint = { lanes: this.#lanes.map(lane => lane.checkpoint), result: this.#result }
    const guards = [{ key: runningKey(trigger.id, shard.id), version: held }]
    const puts = [{ key: checkpointKey(trigger.id, shard.id), value: JSON.stringify(checkpoint) }]
    try {
      if (await this.#ports.metadata.commit({ guards, puts })) return
      this.#isLost = true
      this.#stopping.begin(0)
    } catch (error) {
      this.#isChanged = true
      throw error
    }
  }
}

/** Where the number of lanes was changed, all begin with the one that is the furthest behind; their windows are over. */
function lanesFor(lanes: LaneCheckpoint[], count: number): LaneCheckpoint[] {
  if (lanes.length === count) return lanes
  const [least] = lanes.toSorted((a, b) => (BigInt(a.from) < BigInt(b.from) ? -1 : 1))
  const ended = lanes.every(lane => lane.ended)
  return Array.from({ length: count }, () => ({ from: least!.from, ended }))
}
