/** Storage nodes that are told to stop, as on SIGTERM, while clients put: how long one of them waits, and whether any is refused. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, encodeRequest } from '../client.ts'
import type { BenchTable } from '../workload.ts'
import { OPERATIONS } from '../workload.ts'
import type { World } from './world.ts'

/** One stop. Milliseconds: of each client, its longest wait. */
export type Stop = {
  /** Partitions that the node led. */
  led: number
  longest: number[]
  /** The same in a time before it in which nothing happened. */
  calm: number[]
  /** From the signal until the process was gone. */
  took: number
  failed: number
}

const CLIENTS = 6
const CALM_MS = 2000
/** After the node is gone. */
const REST_MS = 300
/** How long it may take until leaderships are even again. */
const EVEN_MS = 30_000
const STATUS_PORTS = 50

/** Each storage node in turn. */
export async function measureStops(world: World, table: BenchTable, times: number): Promise<Stop[]> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Putting.start(world.port, table)))
  const stops: Stop[] = []
  for (let i = 0; i < times; i++) {
    const at = i % world.cluster.storage.length
    const node = world.cluster.storage[at]!
    const led = await leadsAgain(world, at)
    take(clients)
    await sleep(CALM_MS)
    const calm = take(clients).longest
    const begin = performance.now()
    await node.stop()
    const took = performance.now() - begin
    await sleep(REST_MS)
    stops.push({ led, calm, took, ...take(clients) })
    await node.start()
  }
  await Promise.all(clients.map(client => client.stop()))
  return stops
}

function take(clients: Putting[]): { longest: number[]; failed: number } {
  const taken = clients.map(client => client.take())
  return { longest: taken.map(({ longest }) => longest), failed: taken.reduce((sum, { failed }) => sum + failed, 0) }
}

/** A client that puts one item after the other. */
class Putting {
  readonly #connection: Connection
  readonly #done: Promise<void>
  #going = true
  #longest = 0
  #failed = 0
  #since: number | undefined

  static async start(port: number, table: BenchTable): Promise<Putting> {
    return new Putting(await Connection.open(port), port, table)
  }

  private constructor(connection: Connection, port: number, table: BenchTable) {
    this.#connection = connection
    this.#done = this.#run(port, table)
  }

  /** Since the last time it was asked; with what waits now. */
  take(): { longest: number; failed: number } {
    const waits = this.#since === undefined ? 0 : performance.now() - this.#since
    const taken = { longest: Math.max(this.#longest, waits), failed: this.#failed }
    this.#longest = 0
    this.#failed = 0
    return taken
  }

  async stop(): Promise<void> {
    this.#going = false
    await this.#done
    this.#connection.close()
  }

  async #run(port: number, table: BenchTable): Promise<void> {
    while (this.#going) {
      const put = OPERATIONS.PutItem.request(table, Math.floor(Math.random() * table.items))
      const begin = performance.now()
      this.#since = begin
      await this.#connection.send(encodeRequest(port, 'PutItem', put)).catch(() => (this.#failed += 1))
      this.#longest = Math.max(this.#longest, performance.now() - begin)
    }
  }
}

/** Waits until the node leads its share, or long enough. @returns how many partitions it leads */
async function leadsAgain({ port, cluster, partitions }: World, at: number): Promise<number> {
  const share = Math.floor(partitions / cluster.storage.length)
  let led = 0
  for (const end = performance.now() + EVEN_MS; led < share && performance.now() < end; await sleep(200)) {
    const answer = await fetch(`http://127.0.0.1:${port + STATUS_PORTS + at}/metrics`)
    led = Number(/^tavola_partitions_led\S* (\d+)/m.exec(await answer.text())?.[1])
  }
  return led
}
