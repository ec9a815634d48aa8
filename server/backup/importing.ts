/**
 * The chore of imports: makes the table, fills it from the objects of a bucket, and lets it become ACTIVE. What is no item
 * is counted and logged. One that a crash cut short begins anew: every item is written as a whole.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Items, Tables } from '../cluster/cluster.ts'
import type { Realm } from '../cluster/records.ts'
import type { Metadata, MetadataEntry } from '../metadata/metadata.ts'
import { DynamoError, validation } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import { validateItemKey } from '../model/key.ts'
import { schemaOf } from '../model/table.ts'
import { MAX_ITEM_SIZE, validateItem } from '../model/value.ts'
import { BucketDenied, type Buckets, type ObjectStore } from '../objects/objects.ts'
import { fieldsOf, itemOfRow, RowRefused } from './csv.ts'
import type { Chore, Count, Stopped, Task } from './duty.ts'
import { Fill } from './fill.ts'
import { type ImportCounts, type ImportRecord, type ImportRequest, importsPrefix } from './imports.ts'
import { loadIon } from './ionread.ts'
import { type Line, linesOf } from './lines.ts'
import { Showing } from './showing.ts'

export type ImportingPorts = {
  metadata: Metadata
  tables: Tables
  items: Items
  buckets: Buckets
  clock: Clock
  logger: Logger
  realm: Realm
  /** Checks that parsed JSON is a map of attribute values, as on the wire. Errors: DynamoError. */
  checkJson(item: unknown): void
}

type Failure = NonNullable<ImportRecord['failure']>

/** Items that are no good are logged up to this number. */
const MAX_LOGGED = 1000

const SOME_FAILED: Failure = {
  code: 'ItemValidationError',
  message:
    'Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more details.',
}

export class Importing implements Chore {
  readonly #ports: ImportingPorts

  constructor(ports: ImportingPorts) {
    this.#ports = ports
  }

  async tasks(): Promise<Task[]> {
    const { metadata, realm } = this.#ports
    const entries = await metadata.list(importsPrefix(realm))
    return entries.flatMap(entry => {
      const record = JSON.parse(entry.value) as ImportRecord
      return record.status === 'IN_PROGRESS'
        ? {
            key: entry.key,
            job: { kind: 'import', table: record.table.name },
            run: (stopped, count) => this.#import(entry, record, stopped, count),
          }
        : []
    })
  }

  async #import({ key }: MetadataEntry, record: ImportRecord, stopped: Stopped, count: Count): Promise<void> {
    const { metadata, clock } = this.#ports
    const counts: ImportCounts = { bytes: 0, processed: 0, imported: 0, errors: 0 }
    const showing = new Showing(this.#ports, key, record, counts, count)
    const failure = await this.#run(record, counts, stopped).finally(() => showing.end())
    if (stopped()) return
    const outcome: Pick<ImportRecord, 'status' | 'failure'> = failure
      ? { status: 'FAILED', failure }
      : { status: 'COMPLETED' }
    const value = JSON.stringify({ ...record, ...outcome, counts, endedAt: clock.now() } satisfies ImportRecord)
    // Nobody else changes it while it is IN_PROGRESS.
    await metadata.commit({ guards: [], puts: [{ key, value }] })
  }

  async #run(record: ImportRecord, counts: ImportCounts, stopped: Stopped): Promise<Failure | undefined> {
    const { tables, buckets } = this.#ports
    const { name, id } = record.table
    const bucket = await buckets.open(record.request.bucket).catch(error => {
      if (!(error instanceof BucketDenied)) throw error
      return { code: 'S3AccessDenied', message: error.message }
    })
    if (!bucket) return { code: 'S3NoSuchBucket', message: 'The specified bucket does not exist' }
    if ('code' in bucket) return bucket
    const present = tables.find(name)
    if (present && present.id !== id) return { code: 'TableAlreadyExists', message: `Table already exists: ${name}` }
    if (!present) await tables.create(record.table)
    // Else the table was filled, and only the record does not say so.
    if (tables.find(name)?.filling) {
      await this.#fill(record, bucket, counts, stopped)
      if (stopped()) return undefined
      await tables.change(name, ({ filling: _, ...current }) => current)
    }
    return counts.errors > 0 ? SOME_FAILED : undefined
  }

  async #fill(record: ImportRecord, bucket: ObjectStore, counts: ImportCounts, stopped: Stopped): Promise<void> {
    const { tables } = this.#ports
    const fill = new Fill(this.#ports, tables.find(record.table.name)!, stopped)
    const parse = record.request.format === 'ION' ? await loadIon() : itemOfJson
    for await (const { name } of bucket.list(record.request.keyPrefix ?? '')) {
      let index = 0
      const refuse = (at: number) => (error: Error) => this.#refused(record, counts, name, at, error)
      try {
        let headers = record.request.csv?.headers
        for await (const line of linesOf(bucket.get(name), record.request.compression)) {
          if (stopped()) return
          counts.bytes += line.bytes
          if (record.request.format === 'CSV' && !headers) {
            headers = fieldsOf(line.text ?? '', delimiterOf(record.request))
            continue
          }
          const at = index++
          counts.processed += 1
          try {
            await fill.put(this.#item(record, line, parse, headers), false, refuse(at))
          } catch (error) {
            if (!isRefusal(error)) throw error
            refuse(at)(error as Error)
          }
        }
      } catch (error) {
        if (!isDecompression(error) && !(error instanceof RowRefused)) throw error
        counts.processed += 1
        refuse(index)(error as Error)
      }
    }
    await fill.done()
    counts.imported = counts.processed - counts.errors
  }

  /** Errors: DynamoError, RowRefused, SyntaxError. */
  #item({ request, table }: ImportRecord, { text }: Line, parse: (line: string) => Item, headers?: string[]): Item {
    if (text === undefined) throw new RowRefused('The line is too long for an item')
    const item = headers
      ? itemOfRow(headers, fieldsOf(text, delimiterOf(request)), table.attributeDefinitions)
      : parse(text)
    this.#ports.checkJson(item)
    const size = validateItem(item)
    if (size > MAX_ITEM_SIZE) throw validation('Item size has exceeded the maximum allowed size')
    validateItemKey(schemaOf(table).key, item)
    return item
  }

  #refused(
    { importArn, request }: ImportRecord,
    counts: ImportCounts,
    key: string,
    itemIndex: number,
    error: Error,
  ): void {
    counts.errors += 1
    if (counts.errors > MAX_LOGGED) return
    const itemS3Pointer = { bucket: request.bucket, key, itemIndex }
    this.#ports.logger.warn({ itemS3Pointer, importArn, errorMessages: [error.message] }, 'an item was not imported')
  }
}

function itemOfJson(text: string): Item {
  const line: unknown = JSON.parse(text)
  const item =
    typeof line === 'object' && line !== null && Object.hasOwn(line, 'Item')
      ? (line as { Item: unknown }).Item
      : undefined
  if (typeof item !== 'object' || item === null) throw new RowRefused('The line has no Item')
  return item as Item
}

function delimiterOf({ csv }: ImportRequest): string {
  return csv?.delimiter ?? ','
}

function isRefusal(error: unknown): boolean {
  if (error instanceof DynamoError) return error.status < 500
  return error instanceof RowRefused || error instanceof SyntaxError
}

/** What zlib says of bytes that are not compressed as they should be. */
function isDecompression(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD|ERR__ERROR_|ERR_BUFFER_TOO_LARGE)/.test(code)
}
