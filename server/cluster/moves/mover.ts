/**
 * The duty that keeps partitions where they should be: it looks at records and reports, asks the plan for the next small steps,
 * and commits each, guarded by what it rests on. One that dies leaves nothing half done: records say all there is to know.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Commit, Metadata } from '../../metadata/metadata.ts'
import type { Leasing } from '../leasing.ts'
import { holdersOf, KEEPER, type KeeperRecord, madeKey, partitionKey } from '../records.ts'
import { askForReports, type Reporters } from '../report.ts'
import { View } from '../view.ts'
import { Attendance } from './attendance.ts'
import { LIMITS, type Limits, nextSteps, type Step } from './plan.ts'
import { situationOf } from './situation.ts'

export type MoverPorts = { metadata: Metadata; leasing: Leasing; reporters: Reporters; clock: Clock; logger: Logger }

export type MoverOptions = KeeperRecord & {
  limits?: Limits
  paces?: Paces
}

export type Paces = {
  /** Milliseconds between rounds while something is under way, */
  busyMs: number
  /** and while nothing is. */
  idleMs: number
  /** How long a node must have been there before leaderships go back to it. */
  steadyMs: number
  /** How long a replica is not made where it was tried in vain, */
  joinAgainMs: number
  /** and a leadership not given to one that did not take it. */
  leadAgainMs: number
}

const PACES: Paces = { busyMs: 1000, idleMs: 5000, steadyMs: 5000, joinAgainMs: 60_000, leadAgainMs: 10_000 }
/** Changes come in swarms. */
const SOON_MS = 50
/** So many times as long as a look takes is the rest after it, at least: where much changes, most changes are nothing to be looked at. */
const REST = 10

export class Mover {
  readonly #ports: MoverPorts
  readonly #options: MoverOptions
  readonly #paces: Paces
  #running: { view: View; attendance: Attendance; isReady: boolean } | undefined
  /** By partition and node: until when they are not tried again. */
  readonly #shunned = new Map<string, number>()
  #cancel = () => {}
  /** When the next round is due, by the monotonic clock. */
  #due = Number.POSITIVE_INFINITY
  #isLooking = false
  /** After each look, before the next, in milliseconds. */
  #restMs = 0
  /** Something has changed while it was looking. */
  #isStale = false

  constructor(ports: MoverPorts, options: MoverOptions) {
    this.#ports = ports
    this.#options = options
    this.#paces = options.paces ?? PACES
  }

  async start(): Promise<void> {
    const view = new View()
    const attendance = new Attendance(view, this.#ports, this.#paces.steadyMs)
    const own = { view, attendance, isReady: false }
    this.#running = own
    await this.#announce()
    await view.watch(this.#ports.metadata, () => this.#wake(SOON_MS))
    if (this.#running !== own) return view.stop()
    own.isReady = true
    this.#wake(0)
  }

  /** May be started again. */
  stop(): void {
    this.#cancel()
    this.#due = Number.POSITIVE_INFINITY
    this.#running?.view.stop()
    this.#running = undefined
  }

  /** Says who looks after the cluster, and what it goes by. */
  async #announce(): Promise<void> {
    const { metadata, leasing } = this.#ports
    const { placement, repairAfterMs } = this.#options
    const { lease } = leasing
    if (!lease) return
    await metadata.commit({
      guards: [],
      puts: [{ key: KEEPER, value: JSON.stringify({ placement, repairAfterMs }), lease }],
    })
  }

  #wake(ms: number): void {
    const { clock } = this.#ports
    const wait = Math.max(ms, this.#restMs)
    const due = clock.monotonic() + wait
    if (this.#isLooking) this.#isStale = true
    if (!this.#running?.isReady || due >= this.#due || this.#isLooking) return
    this.#cancel()
    this.#due = due
    this.#cancel = clock.after(wait, () => {
      this.#due = Number.POSITIVE_INFINITY
      void this.#round()
    })
  }

  async #round(): Promise<void> {
    this.#isLooking = true
    this.#isStale = false
    const begun = this.#ports.clock.monotonic()
    const isBusy = await this.#look()
    this.#isLooking = false
    const { busyMs, idleMs } = this.#paces
    this.#restMs = Math.min(busyMs, (this.#ports.clock.monotonic() - begun) * REST)
    this.#wake(this.#isStale ? SOON_MS : isBusy ? busyMs : idleMs)
  }

  /** @returns whether there is more to do soon */
  async #look(): Promise<boolean> {
    const running = this.#running
    if (!running) return false
    const { view, attendance } = running
    const { clock, reporters, logger } = this.#ports
    try {
      await attendance.note()
      const reports = await askForReports(reporters, view.nodes.values(), clock)
      if (this.#running !== running) return false
      const situation = situationOf(view, reports, this.#options, clock.now(), attendance)
      const steps = nextSteps(situation, this.#options.limits ?? LIMITS, (id, node) => this.#isShunned(id, node))
      for (const step of steps) await this.#commit(step)
      return steps.length > 0 || situation.partitions.some(({ record }) => record.move || record.lead)
    } catch (error) {
      logger.warn({ err: error }, 'where partitions are could not be looked at; it will be tried again')
      return true
    }
  }

  /** One that fails met a newer record, whose event brings us back. */
  async #commit({ partition: { record, version, name }, next, what, givesUp }: Step): Promise<void> {
    const { metadata, logger, clock } = this.#ports
    const { id } = record
    if (givesUp) {
      const { joinAgainMs, leadAgainMs } = this.#paces
      const again = clock.monotonic() + (next.lead === record.lead ? joinAgainMs : leadAgainMs)
      this.#shun(id, next.lead === record.lead ? record.move?.joining : record.lead?.node, again)
    }
    const key = partitionKey(id)
    const commit: Commit = { guards: [{ key, version }], puts: [{ key, value: JSON.stringify(next) }] }
    // That its file was made there is of no meaning any more; a node that is away could not say so itself.
    commit.deletes = holdersOf(record)
      .filter(node => !holdersOf(next).includes(node))
      .map(node => madeKey(id, node))
    if (await metadata.commit(commit)) logger.info({ partition: id, name }, what)
  }

  #shun(partition: string, node: string | undefined, until: number): void {
    if (node !== undefined) this.#shunned.set(`${partition} ${node}`, until)
  }

  #isShunned(partition: string, node: string): boolean {
    const until = this.#shunned.get(`${partition} ${node}`)
    if (until === undefined) return false
    if (until > this.#ports.clock.monotonic()) return true
    this.#shunned.delete(`${partition} ${node}`)
    return false
  }
}
