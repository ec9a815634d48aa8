/**
 * The duty that does what backup records and tables ask for: looks at them again and again, and does what it finds to do,
 * each thing once at a time. After a crash the records say what is left.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'

/** `key`: what is never done twice at the same time. */
export type Task = { key: string; run(stopped: () => boolean): Promise<void> }

export interface Chore {
  /** Called before anything else, once. */
  begin?(): Promise<void>
  /** What there is to do now. */
  tasks(): Promise<Task[]>
}

const INTERVAL_MS = 1000

export class Duty {
  readonly #chores: Chore[]
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #running = new Map<string, Promise<void>>()
  #cancel = () => {}
  #stopped = true
  #round: Promise<void> | undefined
  #again = false

  constructor(chores: Chore[], clock: Clock, logger: Logger) {
    this.#chores = chores
    this.#clock = clock
    this.#logger = logger
  }

  async start(): Promise<void> {
    for (const chore of this.#chores) await chore.begin?.()
    this.#stopped = false
    this.#repeat()
  }

  /** Tasks under way end as soon as they can. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#round
    await Promise.all(this.#running.values())
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

  #run({ key, run }: Task): void {
    if (this.#running.has(key) || this.#stopped) return
    const running = run(() => this.#stopped)
      .catch(error => {
        if (!this.#stopped)
          this.#logger.error({ err: error, task: key }, 'a backup task failed; it will be tried again')
      })
      .finally(() => this.#running.delete(key))
    this.#running.set(key, running)
  }
}
