/** Has all replicas of a partition say what the same rows come to, as of the same entry. */
import type { Clock } from '../../base/clock.ts'
import { within } from '../../base/within.ts'
import type { Position } from '../../log/log.ts'
import type { DigestAnswer, DigestQuestion } from '../../replica/digest.ts'
import type { Neighbours } from '../../replica/standing.ts'

/** More than a replica waits for an entry. */
const ANSWER_MS = 3000
/** One that could not be asked, or is too old to know what is asked, is left alone for so long. */
const AWAY_MS = 5000
/** Where not all could say theirs of the same entry, it is tried so often. */
const ATTEMPTS = 8
/** Entries, at most, by which the one that is agreed on is ahead of what is applied. */
const MAX_AHEAD = 10_000
const PAGE_BYTES = 64 * 1024

export type Rows = Extract<DigestAnswer, { kind: 'rows' }>

export type Compared = {
  position: Position
  /** By node; those that can't be reached, or have not come so far, are missing. */
  rows: Map<string, Rows>
}

export type ComparingPorts = {
  node: string
  neighbours: Neighbours
  clock: Clock
  /** Of this node's own replica. */
  digest(partition: string, question: DigestQuestion): Promise<DigestAnswer>
}

export class Comparing {
  readonly #ports: ComparingPorts
  /** While writes go on, an entry that is applied here has passed elsewhere when the question comes. */
  #ahead = 0
  /** Nodes that are left alone: until when, by the monotonic clock. */
  readonly #away = new Map<string, number>()

  constructor(ports: ComparingPorts) {
    this.#ports = ports
  }

  /** `applied`: here. Errors: this node's own. */
  async compare(
    partition: string,
    replicas: string[],
    applied: () => Position,
    from: string | undefined,
  ): Promise<Compared> {
    for (let attempt = 1; ; attempt++) {
      const position = applied() + this.#ahead
      const question = { position, maxBytes: PAGE_BYTES, ...(from !== undefined && { from }) }
      const answers = await this.#ask(partition, replicas, question)
      const rows = new Map<string, Rows>()
      for (const [node, answer] of answers) if (answer.kind === 'rows') rows.set(node, answer)
      if (rows.size === answers.size || attempt === ATTEMPTS) return { position, rows }
      this.#adapt(position, [...answers.values()])
    }
  }

  /** The next entry to agree on is one that none has passed, and that comes soon. */
  #adapt(position: Position, answers: DigestAnswer[]): void {
    const passed = answers.flatMap(answer => (answer.kind === 'passed' ? [answer.applied - position] : []))
    if (passed.length === 0) this.#ahead = 0
    else this.#ahead = Math.min(MAX_AHEAD, 2 * (this.#ahead + Math.max(...passed)))
  }

  async #ask(partition: string, replicas: string[], question: DigestQuestion): Promise<Map<string, DigestAnswer>> {
    const { node: own, neighbours, clock, digest } = this.#ports
    const answers = new Map<string, DigestAnswer>()
    const now = clock.monotonic()
    const near = replicas.filter(node => (this.#away.get(node) ?? 0) <= now)
    const asked = near.map(async node => {
      const answer = node === own ? digest(partition, question) : neighbours.digest(node, partition, question)
      // Others that can't be reached do not count.
      const heard = await within(clock, ANSWER_MS, answer).catch(error => {
        if (node === own) throw error
        this.#away.set(node, now + AWAY_MS)
      })
      if (heard) answers.set(node, heard)
    })
    await Promise.all(asked)
    return answers
  }
}
