/**
 * Has the partitions led here go over to a later format (store/format.ts), once every node that lives, and so every one that may have to
 * read it, can. Until then nodes of several versions work side by side, in any order of upgrades, and back.
 *
 * INV-V1  A log and its files are of a format only when all nodes of its replicas live and can read it. A node that can't
 *         all the same, for it is started with an older version after that, stops the replica there, and is not rebuilt.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Hosted } from './hosted.ts'

const LOOK_MS = 3000

export type RaisingPorts = {
  clock: Clock
  logger: Logger
  /** All partitions of this node. */
  hosted(): Iterable<Hosted>
  /** Up to which one they can read, of the nodes that live. */
  formats(): ReadonlyMap<string, number>
}

export class Raising {
  readonly #ports: RaisingPorts
  #cancel = () => {}
  #stopped = false

  constructor(ports: RaisingPorts) {
    this.#ports = ports
  }

  start(): void {
    this.#cancel = this.#ports.clock.after(LOOK_MS, () => {
      void this.#look().finally(() => {
        if (!this.#stopped) this.start()
      })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  async #look(): Promise<void> {
    const formats = this.#ports.formats()
    const format = Math.min(...formats.values())
    for (const { id: partition, leader, replicas } of this.#ports.hosted()) {
      if (!leader || !replicas.every(node => formats.has(node))) continue
      try {
        if (leader.format >= format) continue
        await leader.raiseFormat(format)
        this.#ports.logger.info({ partition, format }, 'all nodes read the later format: it is used from now on')
      } catch (error) {
        // Whoever leads next looks again.
        this.#ports.logger.warn({ err: error, partition }, 'the later format can not be used just now')
      }
    }
  }
}
