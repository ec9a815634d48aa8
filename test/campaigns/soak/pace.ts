/** An open loop: requests come at a steady rate whether or not earlier ones are answered, as those of many clients do. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, encodeRequest, Refusal } from '../../../bench/client.ts'
import type { Ask } from './mix.ts'

/** Requests that wait for a connection; more means that the server has fallen behind for good. */
const MAX_QUEUE = 20_000

const OVERLOAD = /Throttling|ThroughputExceeded|LimitExceeded|ServiceUnavailable|^503$/

export type Driver = {
  /** As many as the server answers, one after the other on every connection. Resolves with requests a second. */
  saturate(seconds: number): Promise<number>
  /** So many a second. Errors: an answer that is neither success nor a word of overload, or far too many that wait. */
  pace(perSecond: number, seconds: number, stopped: () => boolean): Promise<void>
  /** What was answered since the last call: milliseconds each, sorted, from when the request was due. */
  take(): { latencies: number[]; throttled: number }
  /** Acknowledged additions to counters, ever. */
  counted(): number
  /** All of them, as fast as possible. */
  sendAll(asks: Ask[]): Promise<void>
  close(): void
}

/** Sends what `next` makes, over so many connections. */
export async function openDriver(port: number, connections: number, next: () => Ask): Promise<Driver> {
  const all = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)))
  let latencies: number[] = []
  let throttled = 0
  let counted = 0

  const send = async (connection: Connection, { operation, body, counts }: Ask, due: number) => {
    try {
      await connection.send(encodeRequest(port, operation, body))
      latencies.push(performance.now() - due)
      if (counts) counted++
    } catch (error) {
      if (!(error instanceof Refusal && OVERLOAD.test(error.code))) throw error
      throttled++
    }
  }

  return {
    async saturate(seconds) {
      const before = latencies.length
      const begin = performance.now()
      const end = begin + seconds * 1000
      const work = async (connection: Connection) => {
        for (let now = begin; now < end; now = performance.now()) await send(connection, next(), now)
      }
      await Promise.all(all.map(work))
      return ((latencies.length - before) / (performance.now() - begin)) * 1000
    },

    async pace(perSecond, seconds, stopped) {
      const idle = [...all]
      const queue: number[] = []
      const under = new Set<Promise<void>>()
      let failure: Error | undefined
      const work = async (connection: Connection, first: number) => {
        for (let due: number | undefined = first; due !== undefined; due = queue.shift())
          await send(connection, next(), due)
        idle.push(connection)
      }
      const begin = performance.now()
      const end = begin + seconds * 1000
      let sent = 0
      for (let now = begin; now < end && !stopped(); now = performance.now()) {
        const due = Math.floor(((now - begin) * perSecond) / 1000)
        for (; sent < due; sent++) {
          // In turn: the server closes a connection that nothing came over for a minute.
          const connection = idle.shift()
          if (connection === undefined) queue.push(now)
          else {
            const working = work(connection, now).catch(error => (failure ??= error))
            under.add(working)
            working.finally(() => under.delete(working))
          }
        }
        if (failure !== undefined) throw failure
        if (queue.length > MAX_QUEUE) throw new Error(`${queue.length} requests wait: the server has fallen behind`)
        await sleep(1)
      }
      await Promise.all(under)
      if (failure !== undefined) throw failure
    },

    take() {
      const taken = { latencies: latencies.sort((a, b) => a - b), throttled }
      latencies = []
      throttled = 0
      return taken
    },

    counted: () => counted,

    async sendAll(asks) {
      let place = 0
      const work = async (connection: Connection) => {
        for (let ask = asks[place++]; ask !== undefined; ask = asks[place++]) await send(connection, ask, 0)
      }
      await Promise.all(all.map(work))
      latencies = []
    },

    close() {
      for (const connection of all) connection.close()
    },
  }
}
