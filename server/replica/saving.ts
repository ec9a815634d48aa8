/** A replica's file on its way to the disk: what is applied becomes durable there at checkpoints. */
import type { Clock } from '../base/clock.ts'
import type { Position } from '../log/log.ts'
import type { Checkpointer } from '../store/checkpointer.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'

/** A write-ahead log of so many bytes or less is emptied by a checkpoint. */
const SMALL_BYTES = 8 * 1024 * 1024
/** Copied while writes pause, or more after so many rounds. */
const PAUSE_BYTES = 512 * 1024
const ROUNDS = 4
/** Written since the last flush, these are worth one. */
const FLUSH_BYTES = 4 * 1024 * 1024

export class Saving {
  readonly #store: Store
  readonly #applier: Applier
  readonly #checkpointer: Checkpointer
  readonly #clock: Clock
  #durable: Position
  #savedAt: number
  /** Bytes that waited to be copied at the last flush. */
  #flushed = 0

  /** `durable`: position up to which the file is known to be durable. */
  constructor(store: Store, applier: Applier, checkpointer: Checkpointer, clock: Clock, durable: Position) {
    this.#store = store
    this.#applier = applier
    this.#checkpointer = checkpointer
    this.#clock = clock
    this.#durable = durable
    this.#savedAt = clock.monotonic()
  }

  /** Position up to which the file itself is durable. */
  get durable(): Position {
    return this.#durable
  }

  /** Entries applied since the last checkpoint. */
  get unsaved(): number {
    return this.#applier.state.position - this.#durable
  }

  /** Bytes that were written since, beside the file; after a commit. */
  get unsavedBytes(): number {
    return this.#store.unsaved().bytes
  }

  /** Bytes beside the file that the next writes would fill. */
  get spareBytes(): number {
    return this.#store.spareBytes()
  }

  /** Milliseconds since the last checkpoint. */
  get age(): number {
    return this.#clock.monotonic() - this.#savedAt
  }

  /**
   * Makes all that is applied durable. `settle` commits; `hold` stops applying for the last, short part. Resolves with false
   * if something was in the way. Errors: those of the disk.
   */
  async checkpoint(settle: () => void, hold: () => () => void): Promise<boolean> {
    this.#savedAt = this.#clock.monotonic()
    settle()
    // Giving space back takes longer than filling it anew.
    const mode = this.unsavedBytes > SMALL_BYTES ? 'PASSIVE' : 'TRUNCATE'
    for (let round = 0; round < ROUNDS && this.#store.unsaved().uncopied > PAUSE_BYTES; round++) {
      await this.#checkpointer.checkpoint(this.#store.path, 'PASSIVE')
      settle()
    }
    const release = hold()
    const { position } = this.#applier.state
    try {
      if (!(await this.#checkpointer.checkpoint(this.#store.path, mode))) return false
    } finally {
      release()
    }
    this.#durable = position
    return true
  }

  /** Makes part of the next checkpoint's work, if there is much of it; after a commit. */
  async flush(): Promise<void> {
    const { uncopied } = this.#store.unsaved()
    if (Math.abs(uncopied - this.#flushed) < FLUSH_BYTES) return
    this.#flushed = uncopied
    await this.#checkpointer.flush(this.#store.path)
  }
}
