/**
 * A replica that does not lead: it waits for its log to grow and applies what comes, a step at a time. An idle one costs
 * nothing: the log's port tells when there is something.
 */
import { type Clock, sleep } from '../base/clock.ts'
import { OperatorError } from '../base/failure.ts'
import { InvariantViolation } from '../base/invariant.ts'
import type { Logger } from '../base/logger.ts'
import type { LoggedEntry, PartitionLog } from '../log/log.ts'
import { isDamage, isDiskFailure } from '../store/failure.ts'
import type { Store } from '../store/store.ts'
import { checkStart } from './agreement.ts'
import type { Applier } from './applier.ts'

/** Applied in one turn of the event loop. */
const STEP_BYTES = 256 * 1024
/** After the log has failed. */
const REST_MS = 500

export type FollowingPorts = {
  partition: string
  store: Store
  log: PartitionLog
  applier: Applier
  clock: Clock
  logger: Logger
}

export class Following {
  readonly #ports: FollowingPorts
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  #held: Promise<void> | undefined
  #waiting: AbortController | undefined
  #leaveRead = () => {}

  /** `broke` is called, once, when what comes does not fit what is applied, or can't be written. */
  constructor(ports: FollowingPorts, broke: (error: Error) => void) {
    this.#ports = ports
    this.#done = this.#run(broke)
  }

  /** Nothing is applied from now on until `release`. */
  hold(): () => void {
    let release = () => {}
    this.#held = new Promise(resolve => (release = resolve))
    return () => {
      this.#held = undefined
      release()
    }
  }

  /** Resolves when nothing is applied any more. */
  stop(): Promise<void> {
    this.#abort.abort()
    this.#waiting?.abort()
    this.#leaveRead()
    return this.#done
  }

  /** Some of what was applied is lost, though the log may not have grown: it is applied again. */
  rewind(error: Error): void {
    this.#waiting?.abort(error)
  }

  async #run(broke: (error: Error) => void): Promise<void> {
    const { partition, log, clock, logger } = this.#ports
    const { signal } = this.#abort
    while (!signal.aborted) {
      try {
        await this.#step(signal)
      } catch (error) {
        if (signal.aborted) return
        if (isFinal(error)) return broke(error as Error)
        logger.warn({ err: error, partition }, 'a partition can not be followed just now; it will be tried again')
        await pause(clock, signal)
        // Of a log that was trimmed to its end nothing can be read: where it begins by now, it has to say.
        if (!signal.aborted) await log.refresh().catch(() => {})
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { store, log, applier, clock } = this.#ports
    const waiting = new AbortController()
    this.#waiting = waiting
    await log.wait(applier.state.position, waiting.signal)
    this.#waiting = undefined
    const entries = await this.#read()
    await this.#held
    if (signal.aborted) return
    const { position } = applier.state
    const [first] = entries
    if (!first) await log.refresh()
    const start = first?.position ?? log.start()
    checkStart(store, start, position)
    if (first?.position === position + 1) applier.replay(entries)
    // Requests come first.
    await new Promise<void>(resolve => clock.soon(resolve))
  }

  /** Whoever stops this does not wait for what would not be applied. */
  #read(): Promise<LoggedEntry[]> {
    const { log, applier } = this.#ports
    return new Promise((resolve, reject) => {
      this.#leaveRead = () => resolve([])
      log.read(applier.state.position, STEP_BYTES).then(resolve, reject)
    })
  }
}

function isFinal(error: unknown): boolean {
  return (
    error instanceof InvariantViolation || error instanceof OperatorError || isDiskFailure(error) || isDamage(error)
  )
}

function pause(clock: Clock, signal: AbortSignal): Promise<unknown> {
  const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  return Promise.race([sleep(clock, REST_MS), aborted])
}
