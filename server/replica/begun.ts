/**
 * Transactions that a coordinator is working on, as far as their home has heard. Kept in memory, for a while only: a
 * coordinator may die.
 */
import type { Clock } from '../base/clock.ts'

const LIFE_MS = 10_000

type Entry = { until: number; token: string | undefined }

export class Begun {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>()
  readonly #holders = new Map<string, string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(transaction: string, token: string | undefined): void {
    this.remove(transaction)
    this.#removeOld()
    this.#entries.set(transaction, { until: this.#clock.monotonic() + LIFE_MS, token })
    if (token !== undefined) this.#holders.set(token, transaction)
  }

  has(transaction: string): boolean {
    this.#removeOld()
    return this.#entries.has(transaction)
  }

  /** The transaction that goes on under this client token. */
  holder(token: string): string | undefined {
    this.#removeOld()
    return this.#holders.get(token)
  }

  remove(transaction: string): void {
    const token = this.#entries.get(transaction)?.token
    this.#entries.delete(transaction)
    if (token !== undefined && this.#holders.get(token) === transaction) this.#holders.delete(token)
  }

  #removeOld(): void {
    const now = this.#clock.monotonic()
    for (const [transaction, { until }] of this.#entries) {
      if (until > now) return
      this.remove(transaction)
    }
  }
}
