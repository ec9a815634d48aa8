/** Writes items into a table that nobody else writes to yet, many at a time, through its leaders like any other write. */
import { type Clock, sleep } from '../base/clock.ts'
import type { Items } from '../cluster/cluster.ts'
import { rowKey } from '../codec/key.ts'
import { DynamoError } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import type { KeySchema } from '../model/schema.ts'
import { itemSize } from '../model/size.ts'
import { schemaOf, type TableRecord } from '../model/table.ts'
import type { WriteCommand } from '../partition/command.ts'
import { goOn, type Stopped } from './duty.ts'

export type FillPorts = { items: Items; clock: Clock }

const PARALLEL = 256
/** Writes that meet a partition without a leader, or with too much to do, are tried again. */
const ATTEMPTS = 20
const RETRY_MS = 250

export class Fill {
  readonly #ports: FillPorts
  readonly #table: TableRecord
  readonly #key: KeySchema
  readonly #stopped: Stopped
  #flying = 0
  #failure: unknown
  /** Called when a write has ended. */
  #wake = () => {}

  /** Nothing is written any more once `stopped`: others may have filled the table, and its users changed it. */
  constructor(ports: FillPorts, table: TableRecord, stopped: Stopped) {
    this.#ports = ports
    this.#table = table
    this.#key = schemaOf(table).key
    this.#stopped = stopped
  }

  /** Takes a valid item; waits while there is too much under way. Errors: that of an earlier item, unless `refused` takes it. */
  async put(item: Item, restored: boolean, refused?: (error: DynamoError) => void): Promise<void> {
    const command: WriteCommand = { kind: 'put', key: rowKey(this.#key, item), item, size: itemSize(item), restored }
    this.#flying += 1
    void this.#write(command)
      .catch(error => {
        if (refused && error instanceof DynamoError && error.status < 500) refused(error)
        else this.#failure ??= error
      })
      .finally(() => {
        this.#flying -= 1
        this.#wake()
      })
    await this.#untilBelow(PARALLEL)
  }

  /** Resolves when all items are written. */
  async done(): Promise<void> {
    await this.#untilBelow(1)
  }

  async #untilBelow(count: number): Promise<void> {
    while (this.#flying >= count) await new Promise<void>(resolve => (this.#wake = resolve))
    if (this.#failure) throw this.#failure
  }

  async #write(command: WriteCommand): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      goOn(this.#stopped)
      try {
        await this.#ports.items.write(this.#table, command)
        return
      } catch (error) {
        if (attempt === ATTEMPTS || !isPassing(error)) throw error
        await sleep(this.#ports.clock, RETRY_MS)
      }
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof DynamoError && (error.status >= 500 || error.code === 'ThrottlingException')
}
