/** What goes on while there are faults: registers and counters, probes of each partition, and tellers with their transactions. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Op, Recorder } from '../../linearizability/history.ts'
import { Workload } from '../../linearizability/workload.ts'
import type { Api } from '../crash/api.ts'
import { randomOf } from '../random.ts'
import type { Teller } from '../transactions/teller.ts'
import { apiBy, type Client, isFailure } from './clients.ts'
import { perform } from './registers.ts'
import { PARTITIONS, partitionOf } from './table.ts'
import { Gap, Tally } from './tally.ts'

const WORKERS = 5
/** The number of the first of those who only read: where writes are stuck, they go on. */
const READERS = 100
const REGISTERS = ['a', 'b', 'c', 'd', 'e', 'f']
const COUNTERS = ['n', 'm']
const IMPATIENCE_MS = 300
const MAX_WAITING = 12
/** After a failure: nobody asks a service that is not there without a rest. */
const REST_MS = 200
/** A register of which more is unknown is left alone: explaining it takes the checker too long. */
const MAX_UNKNOWN = 8

/** One that puts and reads an item of one partition by one server, again and again. */
type Probe = { server: string; reads: Gap; writes: Gap }

export type LoadOptions = {
  /** Of all registers' names. */
  prefix: string
  /** One for each server. */
  clients: Client[]
  tellers: Teller[]
  seed: number
  /** Between the requests of each client. */
  paceMs?: number
}

export class Load {
  readonly recorder = new Recorder(() => performance.now())
  readonly tally = new Tally()
  readonly probes: Probe[] = []
  readonly #prefix: string
  readonly #paceMs: number
  readonly #workload: Workload
  readonly #versions = new Map<string, { version: number; unknown: number }>()
  readonly #running: Promise<void>[]
  #going = true
  #failed: Error | undefined

  /** Tellers go on with the bank that they have. */
  constructor({ prefix, clients, tellers, seed, paceMs = 10 }: LoadOptions) {
    this.#prefix = prefix
    this.#paceMs = paceMs
    this.#workload = new Workload(randomOf(seed, 0), REGISTERS, COUNTERS)
    const clientAt = (i: number) => clients[i % clients.length]!
    const workers = Array.from({ length: WORKERS }, (_, i) => this.#work(i, clientAt(i)))
    const probing = Array.from({ length: PARTITIONS }, (_, partition) => partition).flatMap(partition =>
      clients.map((client, i) => {
        const id = WORKERS + partition * clients.length + i
        return { id, client, key: this.#keyIn(partition, `probe ${id}`), reader: clientAt(i + 1) }
      }),
    )
    const probes = probing.map(({ id, client, key }) => this.#probe(id, client, key))
    const readers = probing.map(({ id, key, reader }) => this.#read(READERS + id, reader, key))
    const telling = tellers.map((teller, i) => this.#tell(teller, clientAt(i)))
    this.#running = [...workers, ...readers, ...probes, ...telling].map(running =>
      running.catch(error => {
        this.#failed ??= error as Error
      }),
    )
  }

  /** Resolves when every probe was answered, reading and writing, since the call. Errors: not in time; a wrong answer. */
  async recovered(patienceMs: number): Promise<void> {
    const gaps = this.probes.flatMap(({ reads, writes }) => [reads, writes])
    const before = gaps.map(({ answers }) => answers)
    const isBack = (gap: Gap, i: number) => gap.answers > before[i]! + 2
    for (const end = performance.now() + patienceMs; !gaps.every(isBack); await sleep(20)) {
      if (this.#failed) throw this.#failed
      if (performance.now() < end) continue
      const away = this.probes.filter(
        ({ reads, writes }) => ![reads, writes].every(gap => isBack(gap, gaps.indexOf(gap))),
      )
      throw new Error(`not answered for a minute: ${away.length} of ${this.probes.length} probes`)
    }
  }

  /** Errors: a wrong answer. */
  async stop(): Promise<void> {
    this.#going = false
    await Promise.all(this.#running)
    if (this.#failed) throw this.#failed
  }

  async #work(id: number, client: Client): Promise<void> {
    while (this.#going) {
      const { key, op } = this.#workload.next()
      const last = await this.#ask(client, id, key, op)
      if (last) this.#workload.heard({ ...last, key })
      await sleep(last ? this.#paceMs : REST_MS)
    }
  }

  /**
   * Reads what another one's probe writes: nothing of its own server's is in the way. Asks again while it waits, so that a
   * node that comes back finds readings that were begun when others had gone on.
   */
  async #read(id: number, client: Client, key: string): Promise<void> {
    const waiting = new Set<Promise<unknown>>()
    while (this.#going) {
      const reading = this.#ask(client, id, key, { kind: 'get' })
      waiting.add(reading)
      void reading.finally(() => waiting.delete(reading)).catch(() => {})
      await Promise.race([reading.then(last => sleep(last ? this.#paceMs : REST_MS)), sleep(IMPATIENCE_MS)])
      if (waiting.size >= MAX_WAITING) await Promise.race(waiting)
    }
    await Promise.all(waiting)
  }

  async #probe(id: number, client: Client, key: string): Promise<void> {
    const probe: Probe = { server: client.server, reads: new Gap(), writes: new Gap() }
    this.probes.push(probe)
    for (let i = 0; this.#going; i++) {
      const op: Op = i % 2 === 0 ? { kind: 'put', value: `p${id}-${i}` } : { kind: 'get' }
      if (await this.#ask(client, id, key, op)) probe[i % 2 === 0 ? 'writes' : 'reads'].answered()
      await sleep(this.#paceMs)
    }
  }

  async #tell(teller: Teller, client: Client): Promise<void> {
    const ask = apiBy(client, this.tally)
    const api: Api = async (operation, input) => {
      await sleep(this.#paceMs)
      return ask(operation, input)
    }
    while (this.#going) {
      await teller.run(api, () => !this.#going)
      await sleep(REST_MS)
    }
  }

  /** @returns undefined if it failed */
  async #ask({ server, dynamodb }: Client, id: number, key: string, op: Op) {
    const pk = this.#nameOf(key)
    const ask = () => perform(dynamodb, this.recorder, id, pk, op, () => this.#lost(key, op))
    try {
      return await this.tally.count(server, ask, isFailure)
    } catch (error) {
      if (!isFailure(error as Error)) throw error
      return undefined
    }
  }

  /** A part of its own lets a key lie where it should. */
  #keyIn(partition: number, name: string): string {
    let part = 0
    while (partitionOf(this.#nameOf(`${name} ${part}`)) !== partition) part += 1
    return `${name} ${part}`
  }

  #nameOf(key: string): string {
    return `${this.#prefix}/${key}/${this.#versions.get(key)?.version ?? 0}`
  }

  #lost(key: string, { kind }: Op): void {
    // A probe's own is written by nobody else, which is easy to explain.
    if (kind === 'get' || ![...REGISTERS, ...COUNTERS].includes(key)) return
    const state = this.#versions.get(key) ?? { version: 0, unknown: 0 }
    state.unknown += 1
    if (state.unknown > MAX_UNKNOWN) Object.assign(state, { version: state.version + 1, unknown: 0 })
    this.#versions.set(key, state)
  }
}
