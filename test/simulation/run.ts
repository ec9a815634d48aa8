/** One run of a script: the cluster comes up, the clients work while things go wrong, all is mended, and everything is looked at. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ailmentsOf } from './ailments.ts'
import { checkAll } from './checks/checks.ts'
import { Clients, isTrouble } from './clients.ts'
import { type Coverage, met } from './coverage.ts'
import { inject } from './faults.ts'
import { History } from './history.ts'
import * as requests from './requests.ts'
import { ACCOUNTS, BALANCE, type Script, type Setup, type Step } from './script.ts'
import { type Json, World } from './world.ts'

export type RunOptions = {
  /** Keeps what was traced as lines. */
  keeps?: boolean
  /** What the processes say goes to the console. */
  loud?: boolean
  coverage?: Coverage
}

export type Verdict = {
  /** What is not as it must be; empty if all is. */
  failures: string[]
  /** Of all that happened. */
  hash: string
  events: number
  /** Simulated milliseconds. */
  time: number
  counts: Map<string, number>
  lines: string[]
}

const BOOT_MS = 20_000
/** The clients, however much trouble they meet. */
const WORK_MS = 15 * 60_000
/** The cluster, once nothing is in its way any more. */
const MEND_MS = 60_000

/** Short leases may run out on a slow network, though nothing is in the way: so often, and so much later, a request is made again. */
const ATTEMPTS = 5
const AGAIN_MS = 300
/**
 * A transaction that was cut off holds its items until what its partitions had sent to their logs is answered, or given up (8 s), and
 * they have asked what has become of it.
 */
const HELD_MS = 15_000

/** What takes for ever. */
class Stuck extends Error {
  override name = 'Stuck'
}

/** To be called from a task of the event loop, see `VirtualTime.run`. */
export function run(script: Script, options: RunOptions = {}): Verdict {
  const { seed, setup } = script
  const folder = mkdtempSync(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'tavola-simulation-'))
  const world = new World({ ...worldOptions(setup), seed, loud: options.loud }, folder)
  world.trace.keeps = options.keeps ?? false
  const history = new History()
  const failures: string[] = []
  const rejected = (error: unknown) =>
    failures.push(`a promise was rejected, and nobody heard: ${(error as Error)?.stack ?? error}`)
  process.on('unhandledRejection', rejected)
  try {
    new Run(world, history, script, options.coverage).whole()
  } catch (error) {
    failures.push(error instanceof Stuck ? error.message : ((error as Error).stack ?? String(error)))
  } finally {
    world.close()
    process.off('unhandledRejection', rejected)
  }
  failures.push(...history.complaints, ...world.defects)
  const { hash, lines } = world.trace
  const { events, now } = world.time
  return { failures, hash: hash.toString(16).padStart(8, '0'), events, time: now, counts: history.counts, lines }
}

/** The same, from anywhere. */
export function runSoon(script: Script, options?: RunOptions): Promise<Verdict> {
  return new Promise(resolve => setImmediate(() => resolve(run(script, options))))
}

function worldOptions({ graceMs, ...setup }: Setup) {
  return { ...setup, sweepMs: 500, grace: { ms: graceMs, bytes: 4 * 1024 ** 3, roundMs: 300 } }
}

class Run {
  readonly #world: World
  readonly #history: History
  readonly #script: Script
  readonly #coverage: Coverage | undefined
  #isOver = false
  /** When the clients began to work: faults are counted from then. */
  #begin = 0

  constructor(world: World, history: History, script: Script, coverage: Coverage | undefined) {
    this.#world = world
    this.#history = history
    this.#script = script
    this.#coverage = coverage
  }

  whole(): void {
    this.#boot()
    this.#work()
    this.#mend()
    checkAll(this.#world, this.#history, this.#script.setup, {
      ask: (operation, input) => this.#ask(operation, input),
      wait: (what, done) => this.#until(what, done, MEND_MS),
    })
  }

  #boot(): void {
    const { nodes, servers, timeToLive } = this.#script.setup
    for (let i = 0; i < nodes; i++) this.#world.startNode(`n${i}`)
    for (const { started } of this.#world.nodes.values()) this.#wait('a node starts', started, BOOT_MS)
    for (let i = 0; i < servers; i++) this.#world.startServer(`s${i}`)
    for (const { started } of this.#world.servers.values()) this.#wait('a server starts', started, BOOT_MS)
    this.#request(requests.createTable(this.#script.setup))
    this.#until('the table is made', () => this.#isActive(), BOOT_MS)
    if (timeToLive) this.#request(requests.timeToLive())
    for (const name of ACCOUNTS) this.#request(requests.account(name, BALANCE))
  }

  /** As if much was written. */
  #checkpoint(): void {
    const { checkpointMs } = this.#script.setup
    if (checkpointMs === 0 || this.#isOver) return
    this.#world.checkpoint('all')
    this.#world.time.after(checkpointMs, () => this.#checkpoint())
  }

  #work(): void {
    this.#begin = this.#world.time.now
    this.#checkpoint()
    const { steps, faults } = this.#script
    const { time, trace } = this.#world
    const clients = new Clients(this.#world, this.#history)
    const byClient = Map.groupBy(steps, ({ client }: Step) => client)
    for (const fault of faults)
      time.after(fault.at, () => {
        trace.note(`fault: ${JSON.stringify(fault)}`)
        if (this.#coverage) met(this.#coverage, this.#world, fault)
        inject(this.#world, fault, (ms, task) => void time.after(ms, task))
      })
    this.#wait('the clients are done', Promise.all([...byClient.values()].map(list => clients.run(list))), WORK_MS)
  }

  /** Nothing is in the way any more, and what was begun has ended. */
  #mend(): void {
    const { nodes, servers } = this.#script.setup
    const world = this.#world
    this.#isOver = true
    const last = Math.max(0, ...this.#script.faults.map(({ at, ms }) => at + ms))
    world.time.run(() => false, Math.max(world.time.now, this.#begin + last))
    world.network.heal()
    world.network.pace = world.options.pace
    world.metadata.slackMs = 20
    world.logs.trouble = () => undefined
    world.logs.detours.clear()
    for (let i = 0; i < nodes; i++) {
      world.disk(`n${i}`).isFull = false
      world.process(`n${i}`)?.thaw()
      world.startNode(`n${i}`)
      world.drain(`n${i}`, false)
      // What has expired goes by its leader's clock.
      world.process(`n${i}`)!.skew = 0
    }
    for (let i = 0; i < servers; i++) {
      world.process(`s${i}`)?.thaw()
      world.startServer(`s${i}`)
    }
    // Who leads anew finds what a log has lost.
    if (this.#script.faults.some(({ kind }) => kind === 'log loses its end')) {
      for (let i = 0; i < nodes; i++) world.doomLease(`n${i}`)
      world.time.run(() => false, world.time.now + 2 * this.#script.setup.leaseMs)
    }
    try {
      this.#until('the cluster is well again', () => ailmentsOf(world).length === 0, MEND_MS)
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${ailmentsOf(world).join('; ').slice(0, 2000)}`)
    }
  }

  #isActive(): boolean {
    return this.#ask('DescribeTable', { TableName: requests.TABLE }).Table.TableStatus === 'ACTIVE'
  }

  #request({ operation, input }: requests.ApiRequest): Json {
    return this.#ask(operation, input)
  }

  /** As an SDK asks: again, if the cluster was in trouble. Errors: those of the request. */
  #ask(operation: string, input: object): Json {
    const { now: begin } = this.#world.time
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#wait(operation, this.#world.ask('s0', operation, input), MEND_MS)
      } catch (error) {
        const isHeld = (error as Error).message.includes('TransactionConflict')
        const isOver = isHeld ? this.#world.time.now > begin + HELD_MS : attempt >= ATTEMPTS
        if (isOver || !(isHeld || isTrouble(error as Error))) throw error
        this.#world.time.run(() => false, this.#world.time.now + AGAIN_MS)
      }
    }
  }

  #wait<T>(what: string, promise: Promise<T>, ms: number): T {
    let settled: { value?: T; error?: unknown } | undefined
    promise.then(
      value => (settled = { value }),
      error => (settled = { error }),
    )
    this.#world.time.run(() => settled !== undefined, this.#world.time.now + ms)
    if (!settled) throw new Stuck(`not within ${ms / 1000} s: ${what}`)
    if ('error' in settled) throw settled.error
    return settled.value as T
  }

  /** Looks every now and then. */
  #until(what: string, done: () => boolean, ms: number): void {
    const { time } = this.#world
    for (const end = time.now + ms; !done(); ) {
      if (time.now > end) throw new Stuck(`not within ${ms / 1000} s: ${what}`)
      time.run(() => false, time.now + 50)
    }
  }
}
