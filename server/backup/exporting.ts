/** The chore of exports: writes what is IN_PROGRESS into its bucket. One that a crash cut short is written anew. */
import type { Clock } from '../base/clock.ts'
import type { Realm } from '../cluster/records.ts'
import type { Metadata, MetadataEntry } from '../metadata/metadata.ts'
import type { Item } from '../model/item.ts'
import { keyOf } from '../model/key.ts'
import type { KeySchema } from '../model/schema.ts'
import { itemSize } from '../model/size.ts'
import { schemaOf } from '../model/table.ts'
import { BucketDenied, type Buckets, NameRefused, type ObjectStore } from '../objects/objects.ts'
import { momentOfArchive } from './archives.ts'
import { type Change, changesOfPart } from './changes.ts'
import { type Chore, type Count, goOn, type Stopped, type Task } from './duty.ts'
import { ExportFiles } from './exportfiles.ts'
import { type ExportRecord, exportsPrefix } from './exports.ts'
import { Damaged } from './sealed.ts'
import { itemsOfPart } from './state.ts'

export type ExportingPorts = { metadata: Metadata; objects: ObjectStore; buckets: Buckets; clock: Clock; realm: Realm }

type Failure = NonNullable<ExportRecord['failure']>

export class Exporting implements Chore {
  readonly #ports: ExportingPorts

  constructor(ports: ExportingPorts) {
    this.#ports = ports
  }

  async tasks(): Promise<Task[]> {
    const { metadata, realm } = this.#ports
    const entries = await metadata.list(exportsPrefix(realm))
    return entries.flatMap(entry => {
      const record = JSON.parse(entry.value) as ExportRecord
      return record.status === 'IN_PROGRESS'
        ? {
            key: entry.key,
            job: { kind: 'export', table: record.tableName },
            run: (stopped, count) => this.#export(entry, record, stopped, count),
          }
        : []
    })
  }

  async #export(entry: MetadataEntry, record: ExportRecord, stopped: Stopped, count: Count): Promise<void> {
    const { metadata, clock } = this.#ports
    const outcome = await this.#write(record, stopped, count).then(
      result => ({ status: 'COMPLETED' as const, result }),
      error => ({ status: 'FAILED' as const, failure: failureOf(error) }),
    )
    const value = JSON.stringify({ ...record, ...outcome, endedAt: clock.now() } satisfies ExportRecord)
    await metadata.commit({ guards: [{ key: entry.key, version: entry.version }], puts: [{ key: entry.key, value }] })
  }

  async #write(record: ExportRecord, stopped: Stopped, count: Count): Promise<NonNullable<ExportRecord['result']>> {
    const { buckets, clock } = this.#ports
    const { request, archive } = record
    const bucket = await buckets.open(request.bucket)
    if (!bucket) throw new NoSuchBucket('The specified bucket does not exist')
    const files = new ExportFiles(bucket, record)
    await files.begin()
    const base = await momentOfArchive(this.#ports, archive, request.from ?? request.time)
    const moment = { ...base, time: request.time }
    const { key } = schemaOf(moment.manifest.table)
    let bytes = 0
    for (const part of moment.manifest.parts) {
      const before = files.count()
      if (request.from === undefined) {
        for await (const json of itemsOfPart(moment, part, key)) {
          goOn(stopped)
          await files.write(`{"Item":${json}}`)
          count(1)
          bytes += itemSize(JSON.parse(json) as Item)
        }
      } else {
        for await (const change of changesOfPart(moment, part, key, request.from)) {
          goOn(stopped)
          const line = changeLine(change, key, request.view === 'NEW_AND_OLD_IMAGES')
          await files.write(line)
          count(1)
          bytes += line.length
        }
      }
      await files.endPartition(before)
    }
    return files.finish(bytes, clock.now())
  }
}

function changeLine({ before, after, time }: Change, key: KeySchema, withOld: boolean): string {
  const keys = JSON.stringify(keyOf(key, JSON.parse((after ?? before)!) as Item))
  const metadata = `{"WriteTimestampMicros":{"N":"${time * 1000}"}}`
  const images = (after ? `,"NewImage":${after}` : '') + (withOld && before ? `,"OldImage":${before}` : '')
  return `{"Metadata":${metadata},"Keys":${keys}${images}}`
}

class NoSuchBucket extends Error {}

/** Errors: what may pass, so that it is tried again. */
function failureOf(error: Error): Failure {
  const { message } = error
  if (error instanceof NoSuchBucket) return { code: 'S3NoSuchBucket', message }
  if (error instanceof BucketDenied) return { code: 'S3AccessDenied', message }
  if (error instanceof NameRefused) return { code: 'S3InvalidPrefix', message }
  if (error instanceof Damaged) return { code: 'InternalServerError', message }
  throw error
}
