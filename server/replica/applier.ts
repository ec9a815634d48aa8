/**
 * From log to state. Each entry must follow the last one applied and name its hash; position, hash and rows move in one
 * transaction. INV-R1: an entry that does not fit is never applied; whoever meets it stops.
 */
import { invariant } from '../base/invariant.ts'
import type { Position } from '../log/log.ts'
import { applyEntry, SCHEMA } from '../partition/apply.ts'
import { chainHash, decodeEntry, type Entry } from '../partition/entry.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import type { AppliedState } from '../store/rows.ts'
import type { Store } from '../store/store.ts'

export type ApplicableEntry = { position: Position; bytes: Uint8Array; entry: Entry }

export class Applier {
  readonly #store: Store
  #state: AppliedState
  #schema: PartitionSchema | undefined

  constructor(store: Store) {
    this.#store = store
    this.#state = store.reader.state()
    this.#schema = store.reader.document<PartitionSchema>(SCHEMA)
  }

  get state(): Readonly<AppliedState> {
    return this.#state
  }

  /** Undefined until the first schema entry is applied. */
  get schema(): PartitionSchema | undefined {
    return this.#schema
  }

  /** Applies entries in one transaction. Errors: InvariantViolation; then nothing was applied. */
  apply(entries: ApplicableEntry[]): void {
    const state = { ...this.#state }
    let schema = this.#schema
    this.#store.writer.transaction(() => {
      for (const { position, bytes, entry } of entries) {
        invariant(
          position === state.position + 1,
          `${this.#store.path}: entry ${position} came after ${state.position}`,
        )
        invariant(
          entry.previous === state.chain,
          `${this.#store.path}: entry ${position} does not continue what is applied`,
        )
        applyEntry(this.#store.writer, state, entry, schema)
        state.position = position
        state.chain = chainHash(bytes)
        if (entry.kind === 'schema') schema = entry.schema
      }
      this.#store.writer.saveState(state)
    })
    this.#state = state
    this.#schema = schema
  }

  /** As `apply`, for entries read back from the log. */
  replay(entries: { position: Position; bytes: Uint8Array }[]): void {
    this.apply(entries.map(({ position, bytes }) => ({ position, bytes, entry: decodeEntry(bytes) })))
  }
}
