/** Where backups go, and the buckets of exports and imports. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRandom } from '../base/random.ts'
import { FolderBuckets, FolderObjectStore } from '../objects/folder.ts'
import { MemoryBuckets, MemoryObjectStore } from '../objects/memory.ts'
import type { Buckets, ObjectStore } from '../objects/objects.ts'
import { S3Buckets, S3Connection, S3ObjectStore } from '../objects/s3/s3.ts'

export type ObjectOptions = {
  /** Undefined keeps everything in memory. */
  dataDir: string | undefined
  region: string
  /** Place of backups, `file:///folder` or `s3://bucket/prefix`; undefined for one in the data folder. */
  backupStore?: string
  /** Place of the buckets of exports and imports, `file:///folder` or `s3:`; undefined likewise. */
  buckets?: string
  /** Undefined for AWS's own. */
  s3Endpoint?: string
  /** Undefined for `region`. */
  s3Region?: string
}

/** Nothing is opened before it is used. */
export function openObjects({ dataDir, region, backupStore, buckets, s3Endpoint, s3Region = region }: ObjectOptions): {
  objects: ObjectStore
  buckets: Buckets
  connection: S3Connection
} {
  const connection = new S3Connection({ endpoint: s3Endpoint, region: s3Region })
  const place = (url: string | undefined, folder: string) =>
    url === undefined ? dataDir && join(dataDir, folder) : url.startsWith('file:') && fileURLToPath(url)
  const folder = place(backupStore, 'backups')
  const bucketsFolder = place(buckets, 'buckets')
  const { hostname, pathname } = new URL(backupStore ?? 's3:')
  const inS3 = () => new S3ObjectStore(connection, hostname, pathname.replace(/^\/|\/$/g, '').replace(/.$/, '$&/'))
  const objects: ObjectStore = folder
    ? new FolderObjectStore(folder, systemRandom)
    : backupStore === undefined
      ? new MemoryObjectStore()
      : inS3()
  const opened: Buckets = bucketsFolder
    ? new FolderBuckets(bucketsFolder, systemRandom)
    : buckets === undefined
      ? new MemoryBuckets()
      : new S3Buckets(connection)
  return { objects, buckets: opened, connection }
}
