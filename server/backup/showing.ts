/** How far an import is, while it goes on: in its record now and then, for who describes it, and in the job's count. */
import type { Clock } from '../base/clock.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { Count } from './duty.ts'
import type { ImportCounts, ImportRecord } from './imports.ts'

const INTERVAL_MS = 1000

export class Showing {
  readonly #ports: { metadata: Metadata; clock: Clock }
  readonly #key: string
  readonly #record: ImportRecord
  readonly #counts: ImportCounts
  readonly #count: Count
  #counted = 0
  #cancel = () => {}
  #showing: Promise<unknown> = Promise.resolve()
  #ended = false

  /** `counts` are those of the import, which goes on changing them. */
  constructor(
    ports: { metadata: Metadata; clock: Clock },
    key: string,
    record: ImportRecord,
    counts: ImportCounts,
    count: Count,
  ) {
    this.#ports = ports
    this.#key = key
    this.#record = record
    this.#counts = counts
    this.#count = count
    this.#repeat()
  }

  /** Resolves when the record is not touched any more. */
  async end(): Promise<void> {
    this.#ended = true
    this.#cancel()
    await this.#showing
  }

  #repeat(): void {
    this.#cancel = this.#ports.clock.after(INTERVAL_MS, () => {
      this.#showing = this.#show().finally(() => {
        if (!this.#ended) this.#repeat()
      })
    })
  }

  async #show(): Promise<void> {
    const { processed, errors } = this.#counts
    this.#count(processed - this.#counted)
    this.#counted = processed
    const counts = { ...this.#counts, imported: processed - errors }
    const value = JSON.stringify({ ...this.#record, counts } satisfies ImportRecord)
    // What can't be shown now is shown the next time.
    await this.#ports.metadata.commit({ guards: [], puts: [{ key: this.#key, value }] }).catch(() => false)
  }
}
