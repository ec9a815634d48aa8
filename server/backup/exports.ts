/** Exports as requests see them: their records. */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { type Realm, stampedId } from '../cluster/records.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { Filling } from '../model/table.ts'

/** Times are epoch milliseconds. */
export type ExportRequest = {
  /** Undefined if the request did not say, which means FULL_EXPORT. */
  type: 'FULL_EXPORT' | 'INCREMENTAL_EXPORT' | undefined
  /** Of a full export; of an incremental one, where it ends, exclusive. */
  time: number
  /** Of an incremental export. */
  from?: number
  view?: 'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES'
  bucket: string
  bucketOwner?: string
  prefix?: string
  sse: 'AES256' | 'KMS'
  kmsKey?: string
  clientToken?: string
  /** The times as the request gave them, to tell a repeated request. */
  asked: string
}

export type ExportRecord = {
  id: string
  tableName: string
  tableArn: string
  exportArn: string
  archive: Pick<Extract<Filling, { kind: 'archive' }>, 'tableId' | 'archive'>
  request: ExportRequest
  status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  startedAt: number
  endedAt?: number
  /** Once COMPLETED. */
  result?: { manifest: string; items: number; bytes: number }
  /** Once FAILED. */
  failure?: { code: string; message: string }
}

export type ExportPorts = { metadata: Metadata; clock: Clock; random: Random; realm: Realm }

/** How long a client token is remembered. */
const TOKEN_MS = 8 * 3600 * 1000
const EXPORTS = 'exports/'

export class Exports {
  readonly #ports: ExportPorts

  constructor(ports: ExportPorts) {
    this.#ports = ports
  }

  /** Registers an export, which begins at once. `arnOf` tells its ARN by its id. */
  async create(
    about: Pick<ExportRecord, 'tableName' | 'tableArn' | 'archive' | 'request'>,
    arnOf: (id: string) => string,
  ): Promise<ExportRecord> {
    const { metadata, clock, random, realm } = this.#ports
    const startedAt = clock.now()
    const id = stampedId(startedAt, random.uuid())
    const record: ExportRecord = { id, exportArn: arnOf(id), ...about, status: 'IN_PROGRESS', startedAt }
    const key = exportKey(realm, about.tableName, id)
    await metadata.commit({ guards: [{ key, version: 0 }], puts: [{ key, value: JSON.stringify(record) }] })
    return record
  }

  async find(table: string, id: string): Promise<ExportRecord | undefined> {
    const entry = await this.#ports.metadata.get(exportKey(this.#ports.realm, table, id))
    return entry && (JSON.parse(entry.value) as ExportRecord)
  }

  /** Of one table name, or of all; newest first. */
  async list(table?: string): Promise<ExportRecord[]> {
    const entries = await this.#ports.metadata.list(exportsPrefix(this.#ports.realm, table))
    return entries.map(({ value }) => JSON.parse(value) as ExportRecord).sort((a, b) => (a.id > b.id ? -1 : 1))
  }

  /** The export that was asked for with the token, not too long ago. */
  async findByToken(table: string, token: string): Promise<ExportRecord | undefined> {
    const since = this.#ports.clock.now() - TOKEN_MS
    const all = await this.list(table)
    return all.find(({ request, startedAt }) => request.clientToken === token && startedAt >= since)
  }
}

export function exportsPrefix({ account, region }: Realm, table?: string): string {
  const all = `${EXPORTS}${account}/${region}/`
  return table === undefined ? all : `${all}${table}/`
}

function exportKey(realm: Realm, table: string, id: string): string {
  return exportsPrefix(realm, table) + id
}
