/** Rows as they will be: images of writes that are evaluated but not applied. The next evaluation sees these first. */
import type { Image } from '../store/rows.ts'

export type PendingRow = { image: Image | undefined; batch: number }

export class PendingRows {
  readonly #rows = new Map<string, PendingRow>()

  get(key: Buffer): PendingRow | undefined {
    return this.#rows.get(key.toString('latin1'))
  }

  set(key: Buffer, image: Image | undefined, batch: number): void {
    this.#rows.set(key.toString('latin1'), { image, batch })
  }

  /** The batch is applied: its rows are in the store now, unless a later batch has changed them again. */
  release(keys: Iterable<Buffer>, batch: number): void {
    for (const key of keys) {
      const name = key.toString('latin1')
      if (this.#rows.get(name)?.batch === batch) this.#rows.delete(name)
    }
  }
}
