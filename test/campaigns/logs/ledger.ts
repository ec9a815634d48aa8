/** What was acknowledged of one partition's log, to whom it may concern. */
import type { Position } from '../../../server/log/log.ts'

/** An entry: its writer's session, and its place in that session, where 0 is the entry that begins it. */
export type Written = { session: string; number: number; filler: string }

export class Ledger {
  readonly partition = crypto.randomUUID()
  /** By position, the entry's text. */
  readonly acknowledged = new Map<Position, string>()
  /** Appends that failed because another writer went on, and because the log could not be reached. */
  deposed = 0
  refused = 0
  #lastAt = performance.now()
  #longestStallMs = 0

  acknowledge(position: Position, text: string): void {
    const other = this.acknowledged.get(position)
    if (other !== undefined)
      throw new Error(`position ${position} was acknowledged twice: ${brief(other)}, ${brief(text)}`)
    this.acknowledged.set(position, text)
    this.#longestStallMs = Math.max(this.#longestStallMs, performance.now() - this.#lastAt)
    this.#lastAt = performance.now()
  }

  /** The longest time in which nothing was acknowledged, since it was last asked. */
  takeStall(): number {
    const stall = this.#longestStallMs
    this.#longestStallMs = 0
    return stall
  }
}

/** Errors: what was acknowledged is not there, or what is there is not as writers one after the other would leave it. */
export function check({ acknowledged }: Ledger, entries: Map<Position, string>): void {
  for (const [position, text] of acknowledged)
    if (entries.get(position) !== text)
      throw new Error(`lost at ${position}: ${brief(text)}; there is ${brief(entries.get(position))}`)
  let last: Written | undefined
  const begun = new Set<string>()
  for (let position = 1; position <= entries.size; position++) {
    const text = entries.get(position)
    if (text === undefined) throw new Error(`nothing at ${position} of ${entries.size}`)
    const written = JSON.parse(text) as Written
    const { session, number } = written
    const follows = number === 0 ? !begun.has(session) : last?.session === session && number === last.number + 1
    if (!follows) throw new Error(`at ${position}, ${session}/${number} follows ${last?.session}/${last?.number}`)
    begun.add(session)
    last = written
  }
}

/** Its session and number. */
function brief(text = 'nothing'): string {
  return text.slice(0, 70)
}
