/**
 * The node's disk, as far as it takes writes. While it does not, the node leads nothing that another one can lead, and what it
 * follows waits: the log has it all. It looks for itself when that is over.
 */
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { FileSystem } from '../../base/filesystem.ts'
import type { Logger } from '../../base/logger.ts'
import { isDiskFailure } from '../../store/failure.ts'

const LOOK_MS = 1000
/** As much as a commit writes: a disk with less room than this is full. */
const PROBE_BYTES = 1024 * 1024
const PROBE = '.probe'

export type DiskHooks = {
  /** It takes no writes from now on. */
  failed(): void
  /** It does again. */
  recovered(): void
}

export class Disk {
  readonly #folder: string | undefined
  readonly #fileSystem: FileSystem
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #hooks: DiskHooks
  #isFailing = false
  #cancel = () => {}
  #stopped = false

  /** `folder`: undefined if nothing is on a disk. */
  constructor(folder: string | undefined, fileSystem: FileSystem, clock: Clock, logger: Logger, hooks: DiskHooks) {
    this.#fileSystem = fileSystem
    this.#folder = folder
    this.#clock = clock
    this.#logger = logger
    this.#hooks = hooks
  }

  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Something failed. @returns whether the disk is why */
  blame(error: Error): boolean {
    if (!isDiskFailure(error)) return false
    if (this.#isFailing || this.#stopped) return true
    this.#isFailing = true
    this.#logger.error(
      { err: error, folder: this.#folder },
      'the disk takes no more writes: other nodes are to lead what this one led, until it does; nothing acknowledged is lost',
    )
    this.#hooks.failed()
    this.#lookLater()
    return true
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  #lookLater(): void {
    this.#cancel = this.#clock.after(LOOK_MS, async () => {
      const takes = await this.#takesWrites()
      if (this.#stopped) return
      if (!takes) return this.#lookLater()
      this.#isFailing = false
      this.#logger.warn({ folder: this.#folder }, 'the disk takes writes again')
      this.#hooks.recovered()
    })
  }

  async #takesWrites(): Promise<boolean> {
    if (this.#folder === undefined) return true
    const path = join(this.#folder, PROBE)
    try {
      await this.#fileSystem.write(path, probe())
      return true
    } catch {
      return false
    } finally {
      await this.#fileSystem.remove(path).catch(() => {})
    }
  }
}

async function* probe(): AsyncIterable<Uint8Array> {
  yield Buffer.alloc(PROBE_BYTES, 1)
}
