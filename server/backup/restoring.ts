/** The chore of restores: fills tables that were made to be filled, and then lets them become ACTIVE. */

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Items, Tables } from '../cluster/cluster.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { Item } from '../model/item.ts'
import type { Filling, TableRecord } from '../model/table.ts'
import type { ObjectStore } from '../objects/objects.ts'
import { momentOfArchive } from './archives.ts'
import type { Chore, Count, Stopped, Task } from './duty.ts'
import { Fill } from './fill.ts'
import type { BackupRecord } from './records.ts'
import { Damaged } from './sealed.ts'
import { readManifest } from './snapshot.ts'
import { itemsAt, type Moment } from './state.ts'

export type RestoringPorts = {
  metadata: Metadata
  tables: Tables
  items: Items
  objects: ObjectStore
  clock: Clock
  logger: Logger
}

export class Restoring implements Chore {
  readonly #ports: RestoringPorts

  constructor(ports: RestoringPorts) {
    this.#ports = ports
  }

  async tasks(): Promise<Task[]> {
    const { tables } = this.#ports
    const all = tables.list().flatMap(name => tables.find(name) ?? [])
    return all.flatMap(table => {
      const { filling } = table
      if (table.status !== 'CREATING' || !filling || filling.kind === 'import') return []
      return {
        key: `restore/${table.id}`,
        job: { kind: 'restore', table: table.name },
        run: (stopped, count) => this.#restore(table, filling, stopped, count),
      }
    })
  }

  /** Begins anew after a crash: each item is written as a whole, and the same again. A table that can't be whole goes. */
  async #restore(
    table: TableRecord,
    filling: Exclude<Filling, { kind: 'import' }>,
    stopped: Stopped,
    count: Count,
  ): Promise<void> {
    const { tables, logger } = this.#ports
    try {
      const fill = new Fill(this.#ports, table, stopped)
      for await (const json of itemsAt(await this.#moment(filling))) {
        if (stopped()) return
        await fill.put(JSON.parse(json) as Item, true)
        count(1)
      }
      await fill.done()
    } catch (error) {
      if (!(error instanceof Damaged)) throw error
      logger.error(
        { err: error, table: table.name },
        'a table cannot be restored, for what it is restored from is damaged; it is deleted',
      )
      await tables.delete(table.name, current => same(current, table))
      return
    }
    await tables.change(table.name, current => {
      same(current, table)
      const { filling: _, ...filled } = current
      return filled
    })
  }

  async #moment(filling: Exclude<Filling, { kind: 'import' }>): Promise<Moment> {
    const { metadata, objects } = this.#ports
    if (filling.kind === 'archive') return momentOfArchive(this.#ports, filling, filling.time)
    const entry = await metadata.get(filling.key)
    const record = entry && (JSON.parse(entry.value) as BackupRecord)
    if (!record?.manifest) throw new Damaged(`the backup ${filling.key} is gone`)
    const manifest = await readManifest(objects, record.manifest)
    return { objects, manifest, time: manifest.time }
  }
}

/** Errors: it is another table by now. */
function same(current: TableRecord, table: TableRecord): void {
  if (current.id !== table.id) throw new Error(`the table ${table.name} was replaced`)
}
