/** The chore of backups: takes what is CREATING, removes what is DELETING, and lets go of what has expired. */
import type { Logger } from '../base/logger.ts'
import type { Leaders } from '../cluster/leaders.ts'
import type { Guard, MetadataEntry } from '../metadata/metadata.ts'
import type { TableRecord } from '../model/table.ts'
import { deleteAll } from '../objects/objects.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { BackupPorts } from './backups.ts'
import type { Chore, Count, Stopped, Task } from './duty.ts'
import { type BackupRecord, backupKey, backupObjects, backupsPrefix } from './records.ts'
import { takeSnapshot } from './snapshot.ts'

const DAY_MS = 24 * 3600 * 1000
/** How long the backup of a deleted table is kept. */
const SYSTEM_DAYS = 35

export type TakingPorts = BackupPorts & { leaders: Leaders; logger: Logger }

export class Taking implements Chore {
  readonly #ports: TakingPorts

  constructor(ports: TakingPorts) {
    this.#ports = ports
  }

  /** A backup that was being taken as its process died is none. */
  async begin(): Promise<void> {
    for (const [entry, record] of await this.#records()) {
      if (record.status === 'CREATING') await this.#put(entry, { ...record, status: 'DELETING' })
    }
  }

  async tasks(): Promise<Task[]> {
    const { tables, clock } = this.#ports
    const tasks: Task[] = []
    for (const [entry, record] of await this.#records()) {
      const { key } = entry
      if (record.status === 'CREATING') {
        const job = { kind: 'backup' as const, table: record.table.name }
        tasks.push({ key, job, run: (stopped, count) => this.#take(entry, record, stopped, count) })
      } else if (record.status === 'DELETING') tasks.push({ key, run: () => this.#remove(entry, record) })
      else if ((record.expiresAt ?? Number.POSITIVE_INFINITY) < clock.now())
        tasks.push({ key, run: () => this.#put(entry, { ...record, status: 'DELETING' }) })
    }
    for (const table of tables.list().flatMap(name => tables.find(name) ?? [])) {
      if (!table.farewell) continue
      const job = { kind: 'backup' as const, table: table.name }
      tasks.push({ key: `farewell/${table.id}`, job, run: (stopped, count) => this.#farewell(table, stopped, count) })
    }
    return tasks
  }

  async #records(): Promise<[MetadataEntry, BackupRecord][]> {
    const { metadata, realm } = this.#ports
    const entries = await metadata.list(backupsPrefix(realm))
    return entries.map(entry => [entry, JSON.parse(entry.value) as BackupRecord])
  }

  /** One that fails is gone, for the moment it was to show has passed. */
  async #take(entry: MetadataEntry, record: BackupRecord, stopped: Stopped, count: Count): Promise<void> {
    try {
      const { sealed } = await takeSnapshot(record.table, this.#ports, backupObjects(record), stopped, count)
      await this.#put(entry, { ...record, status: 'AVAILABLE', manifest: sealed })
    } catch (error) {
      const level = error instanceof NotLeading ? 'warn' : 'error'
      this.#ports.logger[level]({ err: error, backup: entry.key }, 'a backup could not be taken')
      await this.#put(entry, { ...record, status: 'DELETING' })
    }
  }

  async #remove(entry: MetadataEntry, record: BackupRecord): Promise<void> {
    await deleteAll(this.#ports.objects, backupObjects(record))
    await this.#ports.metadata.commit({ guards: [guardOf(entry)], deletes: [entry.key] })
  }

  /** The last backup of a table that is being deleted; then the deletion goes on. */
  async #farewell(table: TableRecord, stopped: Stopped, count: Count): Promise<void> {
    const { tables, metadata, realm } = this.#ports
    const { backup: id, time } = table.farewell!
    const key = backupKey(realm, table.name, id)
    if (!(await metadata.get(key))) {
      const { farewell: _, ...source } = table
      const record: BackupRecord = {
        id,
        name: `${table.name}$DeletedTableBackup`,
        type: 'SYSTEM',
        status: 'AVAILABLE',
        createdAt: time,
        expiresAt: time + SYSTEM_DAYS * DAY_MS,
        table: source,
        statistics: (await tables.statistics(table)).table,
      }
      const { sealed } = await takeSnapshot(table, this.#ports, backupObjects(record), stopped, count)
      const value = JSON.stringify({ ...record, manifest: sealed })
      await metadata.commit({ guards: [{ key, version: 0 }], puts: [{ key, value }] })
    }
    await tables.change(table.name, ({ farewell: _, ...current }) => current)
  }

  async #put(entry: MetadataEntry, record: BackupRecord): Promise<void> {
    const value = JSON.stringify(record)
    await this.#ports.metadata.commit({ guards: [guardOf(entry)], puts: [{ key: entry.key, value }] })
  }
}

function guardOf({ key, version }: MetadataEntry): Guard {
  return { key, version }
}
