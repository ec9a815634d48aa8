/**
 * From log to state. Each entry must follow the last one applied and name its hash; position, hash and rows move in one
 * transaction. INV-R1: an entry that does not fit is never applied; whoever meets it stops.
 */
import { OperatorError } from '../base/failure.ts'
import { InvariantViolation, invariant } from '../base/invariant.ts'
import type { Position } from '../log/log.ts'
import { applyEntry, SCHEMA } from '../partition/apply.ts'
import { chainHash, decodeEntry, type Entry } from '../partition/entry.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import type { AppliedState } from '../store/rows.ts'
import type { Store } from '../store/store.ts'

export type ApplicableEntry = { position: Position; bytes: Uint8Array; entry: Entry }

/** `state`: but for its `chain`, which is an earlier entry's. */
type Look = { position: Position; take(state: Readonly<AppliedState>): void }

export class Applier {
  readonly #store: Store
  #state: AppliedState
  #schema: PartitionSchema | undefined
  readonly #looks = new Set<Look>()

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

  /**
   * Applies entries in one transaction. Errors: InvariantViolation, when they don't fit; then nothing was applied. Those of
   * the disk; then the state is that of an earlier entry, and the log has the rest.
   */
  apply(entries: ApplicableEntry[]): void {
    const chain = this.#check(entries)
    const state = { ...this.#state }
    let schema = this.#schema
    this.#changing(() => {
      this.#store.writer.transaction(() => {
        for (const { position, bytes, entry } of entries) {
          applyEntry(this.#store.writer, state, entry, bytes, schema)
          this.#store.tail?.add(position, bytes)
          state.position = position
          if (entry.kind === 'schema') schema = entry.schema
          if (this.#looks.size > 0) this.#show(state)
        }
        state.chain = chain
        this.#store.writer.saveState(state)
      })
    })
    this.#state = state
    this.#schema = schema
  }

  /** Has `take` called when the entry at `position` is applied, and none after it; it must not throw. @returns what calls that off */
  look(position: Position, take: Look['take']): () => void {
    const look = { position, take }
    this.#looks.add(look)
    return () => void this.#looks.delete(look)
  }

  #show(state: Readonly<AppliedState>): void {
    for (const { position, take } of this.#looks) if (position === state.position) take(state)
  }

  /** Hands what was applied to the file system. Errors: as `apply`'s of the disk. */
  commit(): void {
    this.#changing(() => this.#store.writer.commit())
  }

  /** Entries up to here need not be kept for mending the log. Errors: those of the disk. */
  forget(upTo: Position): void {
    const { tail, writer } = this.#store
    if (tail?.needsTrim(upTo)) this.#changing(() => writer.transaction(() => tail.trim(upTo)))
  }

  /** INV-R1, before anything is changed. @returns the hash of the last entry */
  #check(entries: ApplicableEntry[]): string {
    const { path } = this.#store
    let { position: last, chain } = this.#state
    for (const { position, bytes, entry } of entries) {
      invariant(position === last + 1, `${path}: entry ${position} came after ${last}`)
      invariant(entry.previous === chain, `${path}: entry ${position} does not continue what is applied`)
      last = position
      chain = chainHash(bytes)
    }
    return chain
  }

  #changing(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#state = this.#store.reader.state()
      this.#schema = this.#store.reader.document<PartitionSchema>(SCHEMA)
      this.#store.tail?.reload()
      throw error
    }
  }

  /** As `apply`, for entries read back from the log. */
  replay(entries: { position: Position; bytes: Uint8Array }[]): void {
    this.apply(entries.map(({ position, bytes }) => ({ position, bytes, entry: this.#decode(position, bytes) })))
  }

  #decode(position: Position, bytes: Uint8Array): Entry {
    try {
      return decodeEntry(bytes, this.#store.reads)
    } catch (error) {
      if (error instanceof OperatorError) throw error
      throw new InvariantViolation(`entry ${position} cannot be read: ${(error as Error).message}`)
    }
  }
}
