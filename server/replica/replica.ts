/**
 * One partition on this node: its file and its log, brought together. Opening replays what the file has not seen.
 *
 * INV-R5  A log that ends before, or differs from, what this replica has applied is never followed: opening stops, with a
 *         sentence that names the file.
 * INV-R6  An entry is trimmed only when it is applied durably here, and every index partition it concerns has it.
 */
import type { Clock } from '../base/clock.ts'
import { OperatorError } from '../base/failure.ts'
import { InvariantViolation } from '../base/invariant.ts'
import type { Logger } from '../base/logger.ts'
import type { Tracer } from '../base/tracer.ts'
import type { LogStore, PartitionLog, Position } from '../log/log.ts'
import { chainHash } from '../partition/entry.ts'
import type { Checkpointer } from '../store/checkpointer.ts'
import { deleteStore, Store } from '../store/store.ts'
import { Applier } from './applier.ts'
import type { IndexPartitions } from './feed.ts'
import { Leader } from './leader.ts'
import type { Peers } from './peers.ts'

export type ReplicaPorts = {
  node: string
  logs: LogStore
  checkpointer: Checkpointer
  indexes: IndexPartitions
  peers: Peers
  clock: Clock
  tracer: Tracer
  logger: Logger
}

const REPLAY_BYTES = 4 * 1024 * 1024
/** A write-ahead log of so many bytes or less is emptied by a checkpoint. */
const SMALL_BYTES = 8 * 1024 * 1024
/** Copied while writes pause, or more after so many rounds. */
const PAUSE_BYTES = 512 * 1024
const ROUNDS = 4
/** Written since the last flush, these are worth one. */
const FLUSH_BYTES = 4 * 1024 * 1024

export class Replica {
  readonly partition: string
  readonly #store: Store
  readonly #log: PartitionLog
  readonly #applier: Applier
  readonly #ports: ReplicaPorts
  #leader: Leader | undefined
  /** Position up to which the file itself is durable. */
  #durable: Position
  #checkpointing: Promise<void> | undefined
  #checkpointedAt: number
  /** Bytes that waited to be copied at the last flush. */
  #flushed = 0

  /** Errors: OperatorError when the file or the log is not what it should be. */
  static async open(partition: string, path: string, ports: ReplicaPorts): Promise<Replica> {
    const store = new Store(path, partition)
    try {
      const applier = new Applier(store)
      const log = await ports.logs.open(partition, applier.state.position)
      await checkAgreement(store.path, log, applier)
      await replay(store.path, log, applier)
      return new Replica(partition, store, log, applier, ports)
    } catch (error) {
      store.close()
      throw error
    }
  }

  private constructor(partition: string, store: Store, log: PartitionLog, applier: Applier, ports: ReplicaPorts) {
    this.partition = partition
    this.#store = store
    this.#log = log
    this.#applier = applier
    this.#ports = ports
    this.#durable = log.start() - 1
    this.#checkpointedAt = ports.clock.monotonic()
  }

  get leader(): Leader | undefined {
    return this.#leader
  }

  /** Entries applied since the last checkpoint. */
  get unsaved(): number {
    return this.#applier.state.position - this.#durable
  }

  /** Bytes that were written since, beside the file; after `settle`. */
  get unsavedBytes(): number {
    return this.#store.unsaved().bytes
  }

  /** Bytes beside the file that the next writes would fill. */
  get spareBytes(): number {
    return this.#store.spareBytes()
  }

  /** Milliseconds since the last checkpoint. */
  get age(): number {
    return this.#ports.clock.monotonic() - this.#checkpointedAt
  }

  /** Begins to lead, from the log's end. The caller holds the partition's leader key. */
  async lead(broke: (error: Error) => void): Promise<Leader> {
    await this.#log.refresh()
    await replay(this.#store.path, this.#log, this.#applier)
    const { node, indexes, peers, clock, tracer, logger } = this.#ports
    const ports = { store: this.#store, log: this.#log, applier: this.#applier, indexes, peers, clock, tracer, logger }
    this.#leader = await Leader.begin(this.partition, node, ports, error => {
      this.#leader = undefined
      broke(error)
    })
    return this.#leader
  }

  /** Hands what was applied to the file system. Errors: those of the disk; then the leader has stepped down. */
  settle(): void {
    try {
      this.#applier.commit()
    } catch (error) {
      this.#leader?.break(error as Error)
      throw error
    }
  }

  /** Makes the file durable and trims the log behind it. Writes pause for the last, short part of it; reads don't. */
  checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#checkpoint().finally(() => (this.#checkpointing = undefined))
    return this.#checkpointing
  }

  /** Forgets the entries that nobody needs any more: index partitions may have taken in what they lacked. */
  trim(): void {
    this.#log.trim(Math.min(this.#durable, this.#leader?.acknowledged() ?? 0))
  }

  async close(reason: string): Promise<void> {
    this.#leader?.stop(reason)
    this.#leader = undefined
    await this.#checkpointing?.catch(() => {})
    this.#store.close()
  }

  /** Closes, and removes the file and the log. */
  async drop(): Promise<void> {
    await this.close('the partition is gone')
    deleteStore(this.#store.path)
    await this.#ports.logs.drop(this.partition)
  }

  async #checkpoint(): Promise<void> {
    const { checkpointer, clock } = this.#ports
    this.#checkpointedAt = clock.monotonic()
    this.settle()
    // Giving space back takes longer than filling it anew.
    const mode = this.unsavedBytes > SMALL_BYTES ? 'PASSIVE' : 'TRUNCATE'
    for (let round = 0; round < ROUNDS && this.#store.unsaved().uncopied > PAUSE_BYTES; round++) {
      await checkpointer.checkpoint(this.#store.path, 'PASSIVE')
      this.settle()
    }
    const release = this.#leader?.hold()
    const { position } = this.#applier.state
    try {
      if (!(await checkpointer.checkpoint(this.#store.path, mode))) return
    } finally {
      release?.()
    }
    this.#durable = position
    this.trim()
  }

  /** Makes part of the next checkpoint's work, if there is much of it. */
  async flush(): Promise<void> {
    this.settle()
    const { uncopied } = this.#store.unsaved()
    if (Math.abs(uncopied - this.#flushed) < FLUSH_BYTES) return
    this.#flushed = uncopied
    await this.#ports.checkpointer.flush(this.#store.path)
  }
}

async function checkAgreement(path: string, log: PartitionLog, { state }: Applier): Promise<void> {
  const stop = (what: string) => {
    throw new OperatorError(
      `The partition file ${path} and its log disagree: ${what}. Restore the data folder from a backup; nothing was changed.`,
    )
  }
  if (log.end() < state.position) stop(`the file has applied entry ${state.position}, the log ends at ${log.end()}`)
  if (log.start() > state.position + 1)
    stop(`the file has applied entry ${state.position}, the log begins at ${log.start()}`)
  const [last] = log.start() <= state.position ? await log.read(state.position - 1, 1) : []
  if (last && chainHash(last.bytes) !== state.chain) stop(`entry ${state.position} is not the one that was applied`)
}

async function replay(path: string, log: PartitionLog, applier: Applier): Promise<void> {
  try {
    while (applier.state.position < log.end()) applier.replay(await log.read(applier.state.position, REPLAY_BYTES))
  } catch (error) {
    if (!(error instanceof InvariantViolation)) throw error
    throw new OperatorError(`The log of the partition file ${path} is damaged: ${error.message}.`)
  }
}
