/** Has partitions split and merged when a campaign wants it, as a server does when they are big, busy or idle. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../server/base/clock.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { Catalog } from '../../../server/cluster/catalog.ts'
import { beginResharding, type Cuts } from '../../../server/cluster/growth/resharding.ts'
import { overNodes } from '../../../server/cluster/placement.ts'
import type { Realm } from '../../../server/cluster/records.ts'
import type { Metadata } from '../../../server/metadata/metadata.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { TABLE } from '../crash/api.ts'
import { PARTITIONS } from './table.ts'

/** Of the table, or of its index: so many partitions, of equal width. */
type Shape = { of: 'table' | 'index'; count: number }

const REPLICAS = 3
const HASHES = 2 ** 32
/** There and back; two at once are never under way. */
const ROUND: Shape[] = [
  { of: 'table', count: 2 * PARTITIONS },
  { of: 'index', count: 2 * PARTITIONS },
  { of: 'table', count: PARTITIONS },
  { of: 'index', count: PARTITIONS },
]
const PATIENCE_MS = 120_000
const POLL_MS = 20

export class Resharder {
  readonly #catalog: Catalog

  static async open(metadata: Metadata, realm: Realm): Promise<Resharder> {
    const ports = { metadata, leaders: { find: () => undefined }, clock: systemClock, random: systemRandom }
    const catalog = new Catalog(ports, realm, overNodes(metadata, REPLICAS, PARTITIONS))
    await catalog.start()
    return new Resharder(catalog)
  }

  private constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  close(): void {
    this.#catalog.stop()
  }

  /** One round, and more until `isOver`. @returns how many times partitions took over from others. Errors: one comes to no end. */
  async play(isOver: () => boolean): Promise<number> {
    for (let count = 0; ; ) {
      for (const shape of ROUND) {
        await this.#take(shape)
        count += 1
      }
      if (isOver()) return count
    }
  }

  async #take(shape: Shape): Promise<void> {
    let begun: string | undefined
    await this.#until(`${shape.of} to ${shape.count} partitions: it can not begin`, async () => {
      await this.#catalog.change(TABLE, (table, now) => {
        const next = beginResharding(table, cutsOf(table, shape), systemRandom.uuid, now)
        begun = next?.resharding?.id
        return next ?? table
      })
      return begun !== undefined
    })
    await this.#until(`${shape.of} to ${shape.count} partitions: it comes to no end`, async () => {
      const { resharding } = (await this.#catalog.latest(TABLE))!
      return resharding?.id !== begun
    })
  }

  /** What fails is tried again: the metadata may be electing. */
  async #until(what: string, isDone: () => Promise<boolean>): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
      if (await isDone().catch(() => false)) return
      if (performance.now() > end) throw new Error(what)
    }
  }
}

function cutsOf({ partitions, globalIndexes }: TableRecord, { of, count }: Shape): Cuts {
  const cuts = Array.from({ length: count - 1 }, (_, i) => ((i + 1) * HASHES) / count)
  const [index] = globalIndexes
  return of === 'table' ? { parents: partitions, cuts } : { parents: index!.partitions, cuts, index: index!.id }
}
