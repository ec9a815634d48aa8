/** On-demand backups and those that deleted tables leave: their records, as requests see and change them. */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Tables } from '../cluster/cluster.ts'
import { type Realm, stampedId } from '../cluster/records.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { TableRecord } from '../model/table.ts'
import type { ObjectStore } from '../objects/objects.ts'
import { type BackupRecord, backupKey, backupsPrefix } from './records.ts'
import { Damaged, getIntact } from './sealed.ts'
import { objectsOf, readManifest } from './snapshot.ts'
import { until } from './until.ts'

export type BackupPorts = {
  metadata: Metadata
  tables: Tables
  objects: ObjectStore
  clock: Clock
  random: Random
  realm: Realm
}

/** How long an answer waits for a backup, so that what is written after it is not in it. */
const SETTLE_MS = 2000
/** A backup up to this size is read whole before it is promised that it can be restored. */
const CHECKED_BYTES = 64 * 1024 * 1024

export class Backups {
  readonly #ports: BackupPorts

  constructor(ports: BackupPorts) {
    this.#ports = ports
  }

  /** Resolves with the record as registered, once the backup is there or after a short while. */
  async create(table: TableRecord, name: string): Promise<BackupRecord> {
    const { metadata, tables, clock, random, realm } = this.#ports
    const createdAt = clock.now()
    const id = stampedId(createdAt, random.uuid())
    const { table: statistics } = await tables.statistics(table)
    const record: BackupRecord = { id, name, type: 'USER', status: 'CREATING', createdAt, table, statistics }
    const key = backupKey(realm, table.name, id)
    await metadata.commit({ guards: [{ key, version: 0 }], puts: [{ key, value: JSON.stringify(record) }] })
    const isDone = (value: string | undefined) => value === undefined || statusOf(value) !== 'CREATING'
    await until(metadata, clock, key, isDone, SETTLE_MS)
    return record
  }

  async find(table: string, id: string): Promise<BackupRecord | undefined> {
    const entry = await this.#ports.metadata.get(backupKey(this.#ports.realm, table, id))
    const record = entry && (JSON.parse(entry.value) as BackupRecord)
    return record?.status === 'DELETING' ? undefined : record
  }

  /** Of one table name, or of all; oldest first. */
  async list(table?: string): Promise<BackupRecord[]> {
    const entries = await this.#ports.metadata.list(backupsPrefix(this.#ports.realm, table))
    const records = entries.map(({ value }) => JSON.parse(value) as BackupRecord)
    return records.filter(({ status }) => status !== 'DELETING').sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** False if it has changed meanwhile. */
  async delete(record: BackupRecord): Promise<boolean> {
    const { metadata, realm } = this.#ports
    const key = backupKey(realm, record.table.name, record.id)
    const entry = await metadata.get(key)
    if (!entry || statusOf(entry.value) !== record.status) return false
    const value = JSON.stringify({ ...record, status: 'DELETING' } satisfies BackupRecord)
    const done = await metadata.commit({ guards: [{ key, version: entry.version }], puts: [{ key, value }] })
    return done
  }

  /** The tables that are being restored from it. */
  users(record: BackupRecord): TableRecord[] {
    const { tables, realm } = this.#ports
    const key = backupKey(realm, record.table.name, record.id)
    const all = tables.list().flatMap(name => tables.find(name) ?? [])
    return all.filter(({ filling }) => filling?.kind === 'backup' && filling.key === key)
  }

  key(record: BackupRecord): string {
    return backupKey(this.#ports.realm, record.table.name, record.id)
  }

  /** Errors: Damaged, if anything of the backup is missing or, of a small one, not what was written. */
  async check({ manifest: sealed }: BackupRecord): Promise<void> {
    const { objects } = this.#ports
    const manifest = await readManifest(objects, sealed!)
    const parts = objectsOf(manifest)
    if (parts.reduce((sum, { size }) => sum + size, 0) <= CHECKED_BYTES) {
      for (const part of parts) await getIntact(objects, part)
      return
    }
    const sizes = new Map<string, number>()
    const folder = sealed!.name.slice(0, sealed!.name.lastIndexOf('/') + 1)
    for await (const { name, size } of objects.list(folder)) sizes.set(name, size)
    for (const { name, size } of parts)
      if (sizes.get(name) !== size) throw new Damaged(`the object ${name} is missing or cut`)
  }
}

function statusOf(value: string): BackupRecord['status'] {
  return (JSON.parse(value) as BackupRecord).status
}
