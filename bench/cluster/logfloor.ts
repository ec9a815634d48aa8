/**
 * What the log alone takes: bare appends to streams of the cluster's own nats-servers, with no Tavola before them. As a leader does,
 * one append at a time goes to each stream, and carries all that has come meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { JetStream } from '../../server/log/jetstream/connection.ts'
import type { Light } from './measures.ts'
import type { World } from './world.ts'

/** `rate`: entries a second, over all streams, each from when it was due; undefined for one after the other. */
export type FloorTask = { streams: number; bytes: number; seconds: number; rate?: number }

const REPLICAS = 3
let made = 0

/** Errors: what NATS says. */
export async function logFloor({ cluster }: World, { streams, bytes, seconds, rate }: FloorTask): Promise<Light> {
  const jetstream = await JetStream.connect({ servers: cluster.nats!.urls })
  try {
    const latencies: number[] = []
    const logs = await Promise.all(Array.from({ length: streams }, () => BareLog.make(jetstream, bytes, latencies)))
    const begin = performance.now()
    const end = begin + seconds * 1000
    for (let due = begin; due < end; ) {
      due = rate === undefined ? performance.now() : due + 1000 / rate
      if (due > performance.now()) await sleep(due - performance.now())
      const appended = logs[Math.floor(Math.random() * streams)]!.append(due)
      if (rate === undefined) await appended
    }
    await Promise.all(logs.map(log => log.drop()))
    latencies.sort((a, b) => a - b)
    const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
    return { p50: at(0.5), p99: at(0.99) }
  } finally {
    await jetstream.close()
  }
}

class BareLog {
  readonly #jetstream: JetStream
  readonly #stream: string
  readonly #bytes: number
  readonly #latencies: number[]
  #waiting: number[] = []
  #working: Promise<void> | undefined
  #end = 0

  static async make(jetstream: JetStream, bytes: number, latencies: number[]): Promise<BareLog> {
    const stream = `floor-${process.pid}-${++made}`
    await jetstream.create(stream, `floor.${stream}`, REPLICAS, 1)
    return new BareLog(jetstream, stream, bytes, latencies)
  }

  private constructor(jetstream: JetStream, stream: string, bytes: number, latencies: number[]) {
    this.#jetstream = jetstream
    this.#stream = stream
    this.#bytes = bytes
    this.#latencies = latencies
  }

  /** Resolves when all that waits is stored. */
  append(due: number): Promise<void> {
    this.#waiting.push(due)
    this.#working ??= this.#work()
    return this.#working
  }

  async drop(): Promise<void> {
    await this.#working
    await this.#jetstream.delete(this.#stream)
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0)
      const entry = Buffer.alloc(batch.length * this.#bytes, 'x')
      const outcome = await this.#jetstream.send(`floor.${this.#stream}`, this.#end + 1, entry)
      if (outcome.kind !== 'stored')
        throw new Error(`an append of the floor was not stored: ${JSON.stringify(outcome)}`)
      this.#end += 1
      const now = performance.now()
      for (const due of batch) this.#latencies.push(now - due)
    }
    this.#working = undefined
  }
}
