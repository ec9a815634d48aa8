/** Believes, from time to time, that it leads a partition, and appends until it learns better. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type LogStore, LogUnavailable, PositionConflict } from '../../../server/log/log.ts'
import type { Random } from '../random.ts'
import type { Ledger, Written } from './ledger.ts'

/** Appends on their way at once. */
const PIPELINED = 4

export class LogWriter {
  readonly #store: LogStore
  readonly #ledger: Ledger
  readonly #random: Random
  #stopped = false

  constructor(store: LogStore, ledger: Ledger, random: Random) {
    this.#store = store
    this.#ledger = ledger
    this.#random = random
  }

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#lead()
      } catch (error) {
        if (error instanceof PositionConflict) this.#ledger.deposed++
        else if (error instanceof LogUnavailable) this.#ledger.refused++
        else throw error
      }
      await sleep(this.#random.between(10, 300))
    }
  }

  /** One session: the entry that begins it alone, then the others, pipelined. Errors: the first that an append had. */
  async #lead(): Promise<void> {
    const log = await this.#store.open(this.#ledger.partition, 0)
    await log.refresh()
    const session = crypto.randomUUID()
    let position = log.end()
    const append = async (number: number): Promise<void> => {
      const filler = 'x'.repeat(this.#random.below(2000))
      const text = JSON.stringify({ session, number, filler } satisfies Written)
      const expected = position++
      await log.append(Buffer.from(text), expected)
      this.#ledger.acknowledge(expected + 1, text)
    }
    await append(0)
    const count = this.#random.between(10, 300)
    let next = 1
    const pipelined = Array.from({ length: PIPELINED }, async () => {
      while (next <= count && !this.#stopped) await append(next++)
    })
    const ends = await Promise.allSettled(pipelined)
    const failed = ends.find(end => end.status === 'rejected')
    if (failed) throw failed.reason
  }
}
