/** Imports as requests see them: their records. */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { type Realm, stampedId } from '../cluster/records.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { TableRecord } from '../model/table.ts'

export type ImportRequest = {
  bucket: string
  bucketOwner?: string
  keyPrefix?: string
  format: 'DYNAMODB_JSON' | 'CSV'
  csv?: { delimiter?: string; headers?: string[] }
  compression: 'NONE' | 'GZIP' | 'ZSTD'
  clientToken?: string
  /** TableCreationParameters as given. */
  parameters: { [member: string]: unknown }
}

export type ImportCounts = { bytes: number; processed: number; imported: number; errors: number }

/** Times are epoch milliseconds. */
export type ImportRecord = {
  id: string
  importArn: string
  /** The table to be made. */
  table: TableRecord
  request: ImportRequest
  status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  startedAt: number
  endedAt?: number
  counts: ImportCounts
  /** Once FAILED. */
  failure?: { code: string; message: string }
}

export type ImportPorts = { metadata: Metadata; clock: Clock; random: Random; realm: Realm }

const TOKEN_MS = 8 * 3600 * 1000
const IMPORTS = 'imports/'

export class Imports {
  readonly #ports: ImportPorts

  constructor(ports: ImportPorts) {
    this.#ports = ports
  }

  /** Registers an import, which begins at once. `arnOf` tells its ARN by its id. */
  async create(table: TableRecord, request: ImportRequest, arnOf: (id: string) => string): Promise<ImportRecord> {
    const { metadata, clock, random, realm } = this.#ports
    const startedAt = clock.now()
    const id = stampedId(startedAt, random.uuid())
    const counts = { bytes: 0, processed: 0, imported: 0, errors: 0 }
    const about = { id, importArn: arnOf(id), request, counts, startedAt, status: 'IN_PROGRESS' as const }
    const key = importsPrefix(realm, table.name) + id
    const record: ImportRecord = { ...about, table: { ...table, filling: { kind: 'import', key } } }
    await metadata.commit({ guards: [{ key, version: 0 }], puts: [{ key, value: JSON.stringify(record) }] })
    return record
  }

  async find(table: string, id: string): Promise<ImportRecord | undefined> {
    const entry = await this.#ports.metadata.get(importsPrefix(this.#ports.realm, table) + id)
    return entry && (JSON.parse(entry.value) as ImportRecord)
  }

  /** Of one table name, or of all; newest first. */
  async list(table?: string): Promise<ImportRecord[]> {
    const entries = await this.#ports.metadata.list(importsPrefix(this.#ports.realm, table))
    return entries.map(({ value }) => JSON.parse(value) as ImportRecord).sort((a, b) => (a.id > b.id ? -1 : 1))
  }

  /** The import that was asked for with the token, not too long ago. */
  async findByToken(token: string): Promise<ImportRecord | undefined> {
    const since = this.#ports.clock.now() - TOKEN_MS
    return (await this.list()).find(({ request, startedAt }) => request.clientToken === token && startedAt >= since)
  }
}

export function importsPrefix({ account, region }: Realm, table?: string): string {
  const all = `${IMPORTS}${account}/${region}/`
  return table === undefined ? all : `${all}${table}/`
}
