/** A storage node is told to stop while clients put: how long the slowest put takes, in simulated time, which no machine's load is in. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoError } from '../../server/model/errors.ts'
import { itemRequest, TABLE } from './requests.ts'
import { World, type WorldOptions } from './world.ts'

export type StoppingOptions = {
  seed: number
  /** Milliseconds of an append or of a read of the log, and of a commit or a read of the metadata; of a message between processes. */
  log: number
  metadata: number
  message: number
}

/** Milliseconds of the slowest put: before, and while the node stopped. */
export type Stopping = { led: number; puts: number; failed: number; calm: number; stop: number }

const CLIENTS = 12
const PARTITIONS = 6
const BOOT_MS = 20_000
const CALM_MS = 1000
const REST_MS = 500

/** Of each node in turn. To be called from a task of the event loop, see `VirtualTime.run`. */
export function stopEach(options: StoppingOptions): Stopping[] {
  const folder = mkdtempSync(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'tavola-stopping-'))
  const world = new World(worldOptions(options), folder)
  try {
    return new Run(world).each()
  } finally {
    world.close()
  }
}

function worldOptions({ seed, log, metadata, message }: StoppingOptions): WorldOptions {
  const pace = { usual: message, slow: 0, slowMs: 0 }
  const ways = { log: log / 2, metadata: metadata / 2 }
  const grace = { ms: 3600_000, bytes: 4 * 1024 ** 3, roundMs: 5000 }
  const size = { nodes: 3, servers: 1, partitions: PARTITIONS, replicas: 3, depth: 1 }
  return { seed, ...size, leaseMs: 2000, sweepMs: 5000, grace, repairAfterMs: 600_000, pace, ways, skew: 0 }
}

class Run {
  readonly #world: World
  #puts = 0
  #failed = 0
  #slowest = 0

  constructor(world: World) {
    this.#world = world
  }

  each(): Stopping[] {
    const world = this.#world
    for (const name of ['n0', 'n1', 'n2']) world.startNode(name)
    this.#until(() => [...world.nodes.values()].every(({ isUp }) => isUp()))
    world.startServer('s0')
    this.#until(() => world.servers.get('s0')!.isUp())
    const key = { AttributeDefinitions: [attribute('p', 'S'), attribute('s', 'N')], KeySchema: KEY_SCHEMA }
    this.#wait(world.ask('s0', 'CreateTable', { TableName: TABLE, BillingMode: 'PAY_PER_REQUEST', ...key }))
    for (let client = 0; client < CLIENTS; client++) void this.#put(client, 0)
    return ['n0', 'n1', 'n2'].map(name => this.#stop(name))
  }

  #stop(name: string): Stopping {
    const world = this.#world
    // What it leads again it is given by and by.
    this.#until(() => this.#led(name) >= PARTITIONS / 3)
    this.#take()
    this.#pass(CALM_MS)
    const [led, calm] = [this.#led(name), this.#take().slowest]
    this.#wait(world.stopNode(name))
    this.#pass(REST_MS)
    const { puts, failed, slowest } = this.#take()
    world.startNode(name)
    return { led, puts, failed, calm, stop: slowest }
  }

  #led(name: string): number {
    return this.#world.nodes
      .get(name)!
      .host.replicas()
      .filter(({ leader }) => leader).length
  }

  #take() {
    const taken = { puts: this.#puts, failed: this.#failed, slowest: this.#slowest }
    this.#puts = 0
    this.#failed = 0
    this.#slowest = 0
    return taken
  }

  /** One item after the other, for ever. */
  async #put(client: number, count: number): Promise<void> {
    const { time } = this.#world
    const begin = time.now
    const { operation, input } = itemRequest(`${client} ${count}`, { kind: 'put', value: 'v' }, {})
    try {
      await this.#world.ask('s0', operation, input)
    } catch (error) {
      if (!(error instanceof DynamoError)) throw error
      this.#failed += 1
    }
    this.#puts += 1
    this.#slowest = Math.max(this.#slowest, time.now - begin)
    return this.#put(client, count + 1)
  }

  #pass(ms: number): void {
    const { time } = this.#world
    time.run(() => false, time.now + ms)
  }

  #until(done: () => boolean): void {
    const { time } = this.#world
    const end = time.now + BOOT_MS
    while (!done() && time.now < end) this.#pass(10)
    if (!done()) throw new Error('the cluster does not become what it should')
  }

  #wait(promise: Promise<unknown>): void {
    let isDone = false
    const over = () => {
      isDone = true
    }
    promise.then(over, over)
    this.#until(() => isDone)
  }
}

const KEY_SCHEMA = [
  { AttributeName: 'p', KeyType: 'HASH' },
  { AttributeName: 's', KeyType: 'RANGE' },
]

function attribute(name: string, type: string) {
  return { AttributeName: name, AttributeType: type }
}
