/**
 * Publishes one shard from where its partition is led, in the order of its changes, each once: what was published last is asked
 * of the bus itself, and every append names it. So there is no checkpoint that could differ from what was published, and
 * a leader that was deposed appends nothing.
 */
import { type Clock, sleep } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { StreamRecord } from '../../cluster/streamrecords.ts'
import { schemaOf } from '../../model/table.ts'
import type { ChangeRow, ChangesPage, ChangesRequest } from '../../partition/command.ts'
import { eventNameOf, type RecordContext, recordText } from '../record.ts'
import { changeNames, isRetired, type Shard } from '../shards.ts'
import type { BusMessage, ChangeBus, Channel } from './bus.ts'

/** A leader of this node, as seen from here. */
export type PublishedLeader = {
  readonly leads: boolean
  changes: { read(request: ChangesRequest): ChangesPage | undefined; grown(ms: number): Promise<void> }
}

export type PublisherPorts = {
  bus: ChangeBus
  region: string
  /** The bus keeps what is younger, in milliseconds. */
  retentionMs: number
  clock: Clock
  logger: Logger
  /** Hears of changes that are durable on the bus. */
  published(changes: number): void
}

const PAGE = { limit: 500, maxBytes: 512 * 1024 }
const FIRST = { limit: 1, maxBytes: 1 }
/** A change that is due comes with an entry, which wakes the publisher; this is for those that it missed. */
const IDLE_MS = 1000
/** Between the beginnings of two appends, unless much waits: each costs the bus a sync, however little it has. */
const PACE_MS = 10
const MUCH = 100
const RETRY_MS = 250
const MAX_RETRY_MS = 5000

export class Publisher {
  readonly leader: PublishedLeader
  readonly #ports: PublisherPorts
  readonly #stream: StreamRecord
  readonly #channel: Channel
  readonly #context: RecordContext
  readonly #isRetired: boolean
  /** On the bus, of the last change; undefined while it is not known. */
  #place: number | undefined
  /** The first change that is not known to be published. */
  #from = 0n
  /** The first change that surely waits, while the bus was never heard of: those before it may be published. */
  #firstSeen: bigint | undefined
  /** Changes from before are over, and were published if nothing is left of them. */
  #floor = 0
  /** Of the oldest change that waits. */
  #waitingSince: number | undefined
  #finished = false
  #stopped = false
  #failures = 0

  constructor(ports: PublisherPorts, leader: PublishedLeader, stream: StreamRecord, shard: Shard, channel: Channel) {
    this.#ports = ports
    this.leader = leader
    this.#stream = stream
    this.#channel = channel
    this.#isRetired = isRetired(stream, shard)
    const { key } = schemaOf(stream.table)
    this.#context = { stream, key, names: changeNames(shard.partition), region: ports.region }
    void this.#run()
  }

  get table(): string {
    return this.#stream.table.name
  }

  /** Changes less than this are on the bus; undefined when all are that the shard will ever have. */
  get until(): bigint | undefined {
    return this.#finished ? undefined : this.#from
  }

  /** Epoch milliseconds of the oldest change that is known to wait; undefined for none. */
  get waitingSince(): number | undefined {
    return this.#waitingSince
  }

  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    while (this.#goesOn()) {
      try {
        if (this.#place === undefined) await this.#locate()
        await this.#publish()
        this.#failures = 0
      } catch (error) {
        this.#place = undefined
        await this.#failed(error as Error)
      }
    }
  }

  #goesOn(): boolean {
    return !this.#stopped && !this.#finished && this.leader.leads
  }

  /** What is on the bus already is not published again. */
  async #locate(): Promise<void> {
    const { bus, clock, retentionMs } = this.#ports
    this.#firstSeen ??= this.#first(0n)?.next
    const last = await bus.last(this.#channel)
    this.#place = last?.place ?? 0
    // If there is nothing, not even what was published from here: it is all to be there again.
    this.#from = last ? sequenceOfId(last.id) + 1n : 0n
    this.#firstSeen = this.#from
    this.#floor = last ? 0 : clock.now() - retentionMs
  }

  async #publish(): Promise<void> {
    const { clock } = this.#ports
    const begin = clock.now()
    const page = this.leader.changes.read({ label: this.#stream.label, from: this.#from, ...PAGE })
    const rows = page?.rows.filter(({ time }) => time > this.#floor) ?? []
    this.#waitingSince = rows[0]?.time
    if (rows.length > 0) {
      const messages = rows.map(row => this.#messageOf(row))
      // What was asked for while the leader stepped down is fenced by the place.
      this.#place = await this.#ports.bus.append(this.#channel, messages, this.#place!)
      this.#ports.published(rows.length)
      this.#waitingSince = undefined
    }
    if (page ? page.resume === undefined : this.#isRetired) this.#finished = true
    else if (page) this.#from = page.resume!
    if (this.#finished) return
    if (!page?.rows.length) await this.leader.changes.grown(IDLE_MS)
    else if (rows.length < MUCH) await sleep(clock, Math.max(0, begin + PACE_MS - clock.now()))
  }

  #messageOf(row: ChangeRow): BusMessage {
    const { bus } = this.#ports
    const { names } = this.#context
    const headers: Record<string, string> = {
      'Tavola-Event-Name': eventNameOf(row),
      'Tavola-Sequence-Number': names.sequence(row.sequence),
      'Tavola-Time': String(row.time),
    }
    if (row.trace !== undefined) headers.traceparent = row.trace
    const message = { id: names.eventId(row.sequence), headers, text: recordText(row, this.#context) }
    if (bus.maxBytes === undefined || message.text.length * 3 < bus.maxBytes) return message
    if (Buffer.byteLength(message.text) <= bus.maxBytes) return message
    headers['Tavola-Images'] = 'omitted'
    return { ...message, text: recordText({ ...row, oldImage: undefined, newImage: undefined }, this.#context) }
  }

  /** A page of the first change from a number on. */
  #first(from: bigint): ChangesPage | undefined {
    return this.leader.changes.read({ label: this.#stream.label, from, ...FIRST })
  }

  #noteWaiting(): void {
    try {
      if (this.#firstSeen === undefined || this.#firstSeen < this.#from) this.#firstSeen = this.#from
      this.#waitingSince = this.#first(this.#firstSeen)?.rows[0]?.time
    } catch {
      // It is led here no more: somebody else tells.
    }
  }

  async #failed(error: Error): Promise<void> {
    const { clock, logger } = this.#ports
    if (!this.#goesOn()) return
    this.#failures += 1
    this.#noteWaiting()
    const fields = { err: error, stream: this.#channel.stream }
    if (this.#failures === 10) logger.warn(fields, 'changes cannot be published; they wait')
    await sleep(clock, Math.min(RETRY_MS * this.#failures, MAX_RETRY_MS))
  }
}

/** See `changeNames`. */
function sequenceOfId(id: string): bigint {
  return BigInt(`0x${id.slice(16)}`)
}
