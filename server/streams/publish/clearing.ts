/**
 * Removes from the bus what is left there of tables that have gone, or have no stream any more: once nothing of it can be read,
 * neither here, where a day counts, nor there, where the bus's own retention does. Each node does it; what is gone is gone.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Realm } from '../../cluster/records.ts'
import type { Streams } from '../streams.ts'
import type { ChangeBus } from './bus.ts'
import { channelsOf, streamOf } from './subjects.ts'

export type ClearingPorts = {
  bus: ChangeBus
  streams: Pick<Streams, 'list'>
  realm: Realm
  prefix: string
  clock: Clock
  logger: Logger
}

const INTERVAL_MS = 15 * 60_000

export class Clearing {
  readonly #ports: ClearingPorts
  #cancel = () => {}
  #stopped = false

  constructor(ports: ClearingPorts) {
    this.#ports = ports
  }

  start(): void {
    const { clock, logger } = this.#ports
    this.#cancel = clock.after(INTERVAL_MS, () => {
      void this.clear()
        .catch(error => logger.debug({ err: error }, 'streams of former tables could not be removed yet'))
        .then(() => {
          if (!this.#stopped) this.start()
        })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** A publisher that needs one that is being removed makes it again, and fills it. Errors: any, if the bus is away. */
  async clear(): Promise<void> {
    const { bus, streams, realm, prefix } = this.#ports
    const empty = await bus.empty(channelsOf(prefix, realm))
    const needed = new Set(streams.list().map(({ table }) => streamOf(prefix, realm, table.name)))
    for (const stream of empty) if (!needed.has(stream)) await bus.remove(stream)
  }
}
