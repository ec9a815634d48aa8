/**
 * The duty that does what tables and the records of backups, exports and imports ask for: looks at them when they change,
 * and now and then, and does what it finds to do, each thing once at a time. After a crash the records say what is left.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Holds } from '../cluster/elected.ts'
import type { Metadata } from '../metadata/metadata.ts'
import { NotLeading } from '../replica/pipeline.ts'

/** True once this is for another process to do: whoever has much to do looks now and then, and before each step that can't be undone. */
export type Stopped = () => boolean

/** What an operator sees of a task: how many items it has done so far. */
export type Job = { kind: 'backup' | 'restore' | 'export' | 'import'; table: string; items: number }

/** Says that so many items more are done. */
export type Count = (items: number) => void

/** `key`: what is never done twice at the same time. `job`: absent where nobody waits for it. */
export type Task = { key: string; job?: Omit<Job, 'items'>; run(stopped: Stopped, count: Count): Promise<void> }

/** Work was left as it is, for another process to do. */
export class Interrupted extends Error {
  override name = 'Interrupted'
}

/** Errors: Interrupted. */
export function goOn(stopped: Stopped): void {
  if (stopped()) throw new Interrupted('another process is to go on')
}

export interface Chore {
  /** Called before anything else, whenever the duty is started. */
  begin?(): Promise<void>
  /** What there is to do now. */
  tasks(): Promise<Task[]>
}

/** Of looks when nothing changes: what failed is tried again, what is due by the clock is done. */
const INTERVAL_MS = 2000

export class Duty {
  readonly #metadata: Metadata
  readonly #prefixes: string[]
  readonly #chores: Chore[]
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #running = new Map<string, Promise<void>>()
  readonly #jobs = new Set<Job>()
  #unwatch: (() => void)[] = []
  #cancel = () => {}
  #stopped = true
  #holds: Holds = () => false
  #round: Promise<void> | undefined
  #again = false

  /** `prefixes`: of the metadata's keys whose changes are worth a look. */
  constructor(ports: { metadata: Metadata; clock: Clock; logger: Logger }, prefixes: string[], chores: Chore[]) {
    const { metadata, clock, logger } = ports
    this.#metadata = metadata
    this.#prefixes = prefixes
    this.#chores = chores
    this.#clock = clock
    this.#logger = logger
  }

  /** May be started again once it is stopped: what is still under way then ends first. */
  async start(holds: Holds = () => true): Promise<void> {
    for (const chore of this.#chores) await chore.begin?.()
    this.#stopped = false
    this.#holds = holds
    const look = () => void this.look()
    for (const prefix of this.#prefixes) this.#unwatch.push(await this.#metadata.watch(prefix, look))
    this.#repeat()
  }

  /** Tasks under way end as soon as they can. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    await this.#round
    await Promise.all(this.#running.values())
  }

  /** What is being done. */
  jobs(): Job[] {
    return [...this.#jobs]
  }

  /** Looks now. Resolves when what there was to do is begun. */
  look(): Promise<void> {
    this.#again = true
    this.#round ??= this.#look().finally(() => (this.#round = undefined))
    return this.#round
  }

  #repeat(): void {
    if (this.#stopped) return
    this.#cancel = this.#clock.after(INTERVAL_MS, () => void this.look().then(() => this.#repeat()))
  }

  async #look(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      for (const chore of this.#chores) {
        const tasks = await chore.tasks().catch(error => {
          this.#logger.error({ err: error }, 'the backup duty cannot see what there is to do; it will look again')
          return []
        })
        for (const task of tasks) this.#run(task)
      }
    }
  }

  /** A partition without a leader is no defect: its table may be going. */
  #failed(task: string, error: Error): void {
    const level = error instanceof NotLeading ? 'warn' : 'error'
    this.#logger[level]({ err: error, task }, 'a backup task failed; it will be tried again')
  }

  #run(task: Task): void {
    const { key } = task
    if (this.#running.has(key) || this.#stopped) return
    const job = task.job && { ...task.job, items: 0 }
    if (job) this.#jobs.add(job)
    const count: Count = items => {
      if (job) job.items += items
    }
    const holds = this.#holds
    const stopped = () => this.#holds !== holds || this.#stopped || !holds()
    const running = task
      .run(stopped, count)
      .catch(error => {
        if (!stopped()) this.#failed(key, error)
      })
      .finally(() => {
        this.#running.delete(key)
        if (job) this.#jobs.delete(job)
      })
    this.#running.set(key, running)
  }
}
