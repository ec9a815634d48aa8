/** What the clients did, and were told. Moments are places in the one order of all that happened. */
import { type Operation, Recorder } from '../linearizability/history.ts'

/** An append to lists, a look at them, or both. */
export type ListEvent = {
  id: string | undefined
  keys: string[]
  called: number
  /** Undefined if the outcome is not known. */
  returned: number | undefined
  outcome: 'done' | 'refused' | 'unknown'
  /** What was seen, by list; with what was appended. */
  seen: Map<string, string[]>
}

export type Expiring = { key: string; put: 'done' | 'unknown' | 'refused'; expires: number }

export class History {
  #moment = 0
  readonly items: Recorder = new Recorder(() => this.moment())
  readonly lists: ListEvent[] = []
  readonly expiring = new Map<string, Expiring>()
  /** Tables that come and go. `exists`: undefined while that is not known. */
  readonly sides = new Map<string, { underWay: number; begun: number; exists: boolean | undefined }>()
  /** What no client may be told. */
  readonly complaints: string[] = []
  /** By operation and outcome, how often. */
  readonly counts = new Map<string, number>()

  moment(): number {
    return ++this.#moment
  }

  /** A table is to be made, or to go. Returns a function that takes what came of it. */
  begin(name: string): (kind: 'answer' | 'refused' | 'unknown', makes: boolean) => void {
    const side = this.sides.get(name) ?? { underWay: 0, begun: 0, exists: false }
    this.sides.set(name, side)
    side.underWay += 1
    const number = ++side.begun
    const before = side.underWay === 1 ? side.exists : undefined
    side.exists = undefined
    return (kind, makes) => {
      // It may yet happen.
      if (kind === 'unknown') return
      side.underWay -= 1
      if (side.begun === number && side.underWay === 0) side.exists = kind === 'answer' ? makes : before
    }
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  get operations(): Operation[] {
    return this.items.operations
  }
}
