/**
 * Compares the replicas of the partitions led here, some rows at a time, slowly, again and again: a disk may forget what nobody
 * reads. A replica that is not like more than half of them stops, and is rebuilt from the leader's file (repair.ts); if it is the leader's
 * own, another one leads first. Where no half agrees nobody guesses: the partition stops.
 */
import type { Logger } from '../../base/logger.ts'
import { Differing, type Finding } from '../../replica/digest.ts'
import { tableAt } from '../../store/digests.ts'
import { Comparing, type ComparingPorts } from './comparing.ts'
import type { Hosted } from './hosted.ts'
import { judge, type Verdict } from './verdict.ts'

export type Scrubbing = {
  /** Bytes a second, of all partitions led here together; 0 for not at all. */
  rate: number
  /** How long a partition rests when it was compared. */
  restMs: number
  /** The same, when something was in the way. */
  retryMs: number
}

/** MB a second: 600 GB a week. */
const RATE = 1

/** The longest pause between two pages. */
const IDLE_MS = 1000

/** `rate`: MB a second. */
export function scrubbingAt(rate = RATE): Scrubbing {
  return { rate: rate * 1_000_000, restMs: 6 * 3600_000, retryMs: 30_000 }
}

/** Where each partition has one replica. */
export const NO_SCRUBBING = scrubbingAt(0)

export type ScrubberPorts = ComparingPorts & {
  logger: Logger
  /** All partitions of this node. */
  hosted(): Iterable<Hosted>
}

type Progress = {
  /** Not before, by the monotonic clock. */
  due: number
  /** Where it goes on. */
  from?: string
  /** The rows there were found to differ, once. */
  isDoubted?: boolean
  /** What was found, while nobody can tell which replica is wrong. */
  doubt?: string
}

export class Scrubber {
  readonly #ports: ScrubberPorts
  readonly #scrubbing: Scrubbing
  readonly #comparing: Comparing
  /** By partition led here. */
  readonly #progress = new Map<string, Progress>()
  #cancel = () => {}
  #stopped = false
  /** Bytes of rows that were compared, counted once for all replicas. */
  bytes = 0
  /** Times that a partition was compared from its first row to the last. */
  rounds = 0
  /** Times that replicas were found to differ. */
  differences = 0

  constructor(ports: ScrubberPorts, scrubbing: Scrubbing) {
    this.#ports = ports
    this.#scrubbing = scrubbing
    this.#comparing = new Comparing(ports)
  }

  start(): void {
    if (this.#scrubbing.rate > 0) this.#later(IDLE_MS)
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** What is wrong with a partition that is led here, while nobody can tell with which replica. */
  doubt(partition: string): string | undefined {
    return this.#progress.get(partition)?.doubt
  }

  #later(ms: number): void {
    if (this.#stopped) return
    this.#cancel = this.#ports.clock.after(ms, () => {
      void this.#step().then(bytes => this.#later((bytes / this.#scrubbing.rate) * 1000 || IDLE_MS))
    })
  }

  /** @returns bytes that were compared */
  async #step(): Promise<number> {
    const { clock, logger } = this.#ports
    const hosted = this.#next()
    if (!hosted) return 0
    const progress = this.#progress.get(hosted.id)!
    try {
      return await this.#compare(hosted, progress)
    } catch (error) {
      logger.warn({ err: error, partition: hosted.id }, 'replicas can not be compared just now; it will be tried again')
      progress.due = clock.monotonic() + this.#scrubbing.retryMs
      return 0
    }
  }

  /** The partition that is due for the longest time. */
  #next(): Hosted | undefined {
    const now = this.#ports.clock.monotonic()
    const led = [...this.#ports.hosted()].filter(({ leader, replicas }) => leader && replicas.length > 1)
    const known = new Set(led.map(({ id }) => id))
    for (const id of this.#progress.keys()) if (!known.has(id)) this.#progress.delete(id)
    for (const id of known) if (!this.#progress.has(id)) this.#progress.set(id, { due: now })
    const due = ({ id }: Hosted) => this.#progress.get(id)!.due
    const [first] = led.toSorted((a, b) => due(a) - due(b))
    return first && due(first) <= now ? first : undefined
  }

  async #compare(hosted: Hosted, progress: Progress): Promise<number> {
    const { node, clock, logger } = this.#ports
    const { replica, replicas, id } = hosted
    const { position, rows } = await this.#comparing.compare(
      id,
      replicas,
      () => replica!.standing.applied,
      progress.from,
    )
    const own = rows.get(node)
    const verdict = judge(new Map([...rows].map(([name, { digest, next }]) => [name, `${digest} ${next}`])), replicas)
    if (!own || verdict.kind === 'alone') {
      progress.due = clock.monotonic() + this.#scrubbing.retryMs
      return 0
    }
    if (verdict.kind === 'same') {
      this.bytes += own.bytes
      this.#progress.set(id, { due: own.next === undefined ? this.#ended() : progress.due, from: own.next })
      return own.bytes
    }
    // Looked at again, before anything comes of it.
    progress.isDoubted = !progress.isDoubted
    if (progress.isDoubted) return own.bytes
    this.differences += 1
    progress.due = clock.monotonic() + this.#scrubbing.retryMs
    const about = { table: tableAt(progress.from), position }
    logger.error({ partition: id, ...about, ...verdict }, 'the replicas of a partition are not the same')
    progress.doubt = await this.#act(hosted, verdict, about)
    return own.bytes
  }

  /** @returns when the next round of a partition begins whose round is over */
  #ended(): number {
    this.rounds += 1
    return this.#ports.clock.monotonic() + this.#scrubbing.restMs
  }

  /** @returns what is wrong, if nothing can be done about it. Errors: another node can't be reached. */
  async #act(
    hosted: Hosted,
    verdict: Extract<Verdict, { kind: 'decided' | 'undecided' }>,
    about: Pick<Finding, 'table' | 'position'>,
  ): Promise<string | undefined> {
    const isDecided = verdict.kind === 'decided'
    const wrong = isDecided ? verdict.wrong : verdict.differing
    const findingOf = (node: string): Finding => {
      const others = isDecided ? verdict.right : wrong.filter(other => other !== node)
      return { ...about, others, isDecided }
    }
    const { node: own, neighbours } = this.#ports
    if (!isDecided && !verdict.isWhole) return new Differing(findingOf(own)).message
    for (const node of wrong) if (node !== own) await neighbours.distrust(node, hosted.id, findingOf(node))
    if (wrong.includes(own))
      await hosted.distrust(new Differing(findingOf(own)), isDecided ? verdict.right[0] : undefined)
    return undefined
  }
}
