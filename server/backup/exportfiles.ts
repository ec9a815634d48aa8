/** The files of an export: gzipped lines, cut by size, and the manifests that list them (facts, section 9.4). */
import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip as gzipSync } from 'node:zlib'
import type { ObjectStore } from '../objects/objects.ts'
import type { ExportRecord } from './exports.ts'

/** A line of manifest-files.json. */
type DataFile = { itemCount: number; md5Checksum: string; etag: string; dataFileS3Key: string }

/** Bytes of lines in a file, before compression. */
const FILE_BYTES = 16 * 1024 * 1024
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const NAME_LENGTH = 26

const gzip = promisify(gzipSync)

export class ExportFiles {
  readonly #objects: ObjectStore
  readonly #record: ExportRecord
  readonly #folder: string
  readonly #files: DataFile[] = []
  #lines: string[] = []
  #bytes = 0
  #items = 0

  constructor(objects: ObjectStore, record: ExportRecord) {
    this.#objects = objects
    this.#record = record
    const { prefix } = record.request
    this.#folder = `${prefix ? `${prefix}/` : ''}AWSDynamoDB/`
  }

  begin(): Promise<void> {
    return this.#objects.put(`${this.#folder}${this.#record.id}/_started`, Buffer.alloc(0))
  }

  async write(line: string): Promise<void> {
    this.#lines.push(line)
    this.#bytes += line.length
    if (this.#bytes >= FILE_BYTES) await this.#cut()
  }

  /** Ends the files of a partition: there is at least one, be it empty. `before`: the result of `count` at its beginning. */
  async endPartition(before: number): Promise<void> {
    if (this.#lines.length > 0 || this.count() === before) await this.#cut()
  }

  /** Files so far. */
  count(): number {
    return this.#files.length
  }

  /** Writes the manifests. `bytes`: the items' sizes. @returns what the record says of it */
  async finish(bytes: number, endedAt: number): Promise<NonNullable<ExportRecord['result']>> {
    const folder = `${this.#folder}${this.#record.id}/`
    const files = `${folder}manifest-files.json`
    const manifest = `${folder}manifest-summary.json`
    await this.#putChecked(files, this.#files.map(file => `${JSON.stringify(file)}\n`).join(''))
    const summary = summaryOf(this.#record, files, { items: this.#items, bytes, endedAt })
    await this.#putChecked(manifest, JSON.stringify(summary))
    return { manifest, items: this.#items, bytes }
  }

  async #cut(): Promise<void> {
    const stored = await gzip(this.#lines.map(line => `${line}\n`).join(''))
    const { id, request } = this.#record
    const folder = request.from === undefined ? `${this.#folder}${id}/data/` : `${this.#folder}data/`
    const name = `${folder}${nameOf(`${id}/${this.#files.length}`)}.json.gz`
    await this.#objects.put(name, stored)
    const [md5Checksum, etag] = [hash('md5', stored, 'base64'), hash('md5', stored, 'hex')]
    this.#files.push({ itemCount: this.#lines.length, md5Checksum, etag, dataFileS3Key: name })
    this.#items += this.#lines.length
    this.#lines = []
    this.#bytes = 0
  }

  async #putChecked(name: string, text: string): Promise<void> {
    await this.#objects.put(name, Buffer.from(text))
    const checksum = name.replace(/\.json$/, '.checksum')
    await this.#objects.put(checksum, Buffer.from(hash('md5', text, 'base64')))
  }
}

/** The same for the same file of the same export, so that one that is begun anew leaves nothing over. */
function nameOf(seed: string): string {
  const bytes = hash('sha256', seed, 'buffer')
  return [...bytes.subarray(0, NAME_LENGTH)].map(byte => BASE32[byte % BASE32.length]).join('')
}

function summaryOf(
  { request, exportArn, startedAt, tableArn, archive }: ExportRecord,
  manifestFilesS3Key: string,
  { items, bytes, endedAt }: { items: number; bytes: number; endedAt: number },
): object {
  const isFull = request.from === undefined
  const times = isFull
    ? { exportTime: iso(request.time) }
    : { exportFromTime: iso(request.from!), exportToTime: iso(request.time) }
  return {
    version: isFull ? '2020-06-30' : '2023-08-01',
    exportArn,
    startTime: iso(startedAt),
    endTime: iso(endedAt),
    tableArn,
    tableId: archive.tableId,
    ...times,
    s3Bucket: request.bucket,
    s3Prefix: request.prefix ?? null,
    s3SseAlgorithm: request.sse,
    s3SseKmsKeyId: request.kmsKey ?? null,
    manifestFilesS3Key,
    billedSizeBytes: bytes,
    itemCount: items,
    outputFormat: 'DYNAMODB_JSON',
    ...(!isFull && { outputView: request.view, exportType: 'INCREMENTAL_EXPORT' }),
  }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
