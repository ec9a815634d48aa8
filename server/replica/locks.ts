/**
 * Items that prepared transactions hold, as the leader knows them: from the evaluation of the prepare, before it is applied,
 * until the resolution is applied. INV-T2 rests on everyone asking here before changing a row.
 */
import type { Clock } from '../base/clock.ts'
import type { PreparedRow } from '../store/rows.ts'

/** What whoever meets a held item is told. */
export const CONFLICT = 'Transaction is ongoing for the item'

export type Prepared = PreparedRow & {
  /** The clock's monotonic milliseconds. */
  since: number
  /** Set once it is known what becomes of it. */
  resolution?: Promise<void>
  waiting: Set<() => void>
}

export class Locks {
  readonly #clock: Clock
  readonly #byKey = new Map<string, Prepared>()
  readonly #byTransaction = new Map<string, Prepared>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Items held. */
  get size(): number {
    return this.#byKey.size
  }

  holder(key: Buffer): Prepared | undefined {
    return this.#byKey.get(key.toString('latin1'))
  }

  find(transaction: string): Prepared | undefined {
    return this.#byTransaction.get(transaction)
  }

  all(): Prepared[] {
    return [...this.#byTransaction.values()]
  }

  /** `since`: see `Prepared`. */
  take(row: PreparedRow, since = this.#clock.monotonic()): void {
    const prepared: Prepared = { ...row, since, waiting: new Set() }
    this.#byTransaction.set(row.transaction, prepared)
    for (const { key } of row.locks) this.#byKey.set((key as Buffer).toString('latin1'), prepared)
  }

  release(prepared: Prepared): void {
    this.#byTransaction.delete(prepared.transaction)
    for (const { key } of prepared.locks) this.#byKey.delete((key as Buffer).toString('latin1'))
    for (const wake of [...prepared.waiting]) wake()
  }

  /** Resolves with true once no transaction holds the item, with false if after `ms` one still does. */
  async free(key: Buffer, ms: number): Promise<boolean> {
    const end = this.#clock.monotonic() + ms
    while (true) {
      const holder = this.holder(key)
      if (!holder) return true
      const left = end - this.#clock.monotonic()
      if (left <= 0) return false
      await this.#released(holder, left)
    }
  }

  /** Resolves with true once nothing is held of what is held now, with false if after `ms` some of it still is. */
  async settled(ms: number): Promise<boolean> {
    const end = this.#clock.monotonic() + ms
    for (const prepared of this.all()) {
      while (this.find(prepared.transaction) === prepared) {
        const left = end - this.#clock.monotonic()
        if (left <= 0) return false
        await this.#released(prepared, left)
      }
    }
    return true
  }

  /** Lets go of everything, for a leader that steps down: whoever waits finds that out. */
  clear(): void {
    for (const prepared of this.all()) this.release(prepared)
  }

  #released({ waiting }: Prepared, ms: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        cancel()
        waiting.delete(wake)
        resolve()
      }
      const cancel = this.#clock.after(ms, wake)
      waiting.add(wake)
    })
  }
}
