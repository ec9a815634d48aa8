/**
 * The object store port: named, immutable byte strings outside the data folder, for backups, archives, exports and imports.
 *
 * INV-O1  An object is there whole or not at all, whatever happens while it is put; a put that resolved is durable.
 * INV-O2  A list shows, in the order of the names' UTF-8 bytes, every object whose put resolved before the list began.
 */

export type ObjectEntry = { name: string; size: number }

export interface ObjectStore {
  /** Replaces what was there. Names are paths without empty, `.` and `..` parts. */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** The object's bytes, in pieces. Errors: ObjectMissing, before the first piece. */
  get(name: string): AsyncIterable<Uint8Array>
  /** Objects whose name begins with `prefix`, which may end anywhere in a name. */
  list(prefix: string): AsyncIterable<ObjectEntry>
  /** One that is not there is no error. */
  delete(name: string): Promise<void>
}

/** Object stores by the names that users know them by. */
export interface Buckets {
  /** Undefined if there is no such bucket. Errors: BucketDenied. */
  open(bucket: string): Promise<ObjectStore | undefined>
}

export class ObjectMissing extends Error {
  override name = 'ObjectMissing'
}

/** A name that this store has no place for. */
export class NameRefused extends Error {
  override name = 'NameRefused'
}

export class BucketDenied extends Error {
  override name = 'BucketDenied'
}

/** An object as one piece, for those known to be small. Errors: ObjectMissing. */
export async function getWhole(objects: ObjectStore, name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of objects.get(name)) pieces.push(piece)
  return Buffer.concat(pieces)
}

export async function deleteAll(objects: ObjectStore, prefix: string): Promise<void> {
  const names: string[] = []
  for await (const { name } of objects.list(prefix)) names.push(name)
  for (const name of names) await objects.delete(name)
}

/** True if the name has no part that a file system reads otherwise. */
export function isPlainName(name: string): boolean {
  return !name.includes('\0') && name.split('/').every(part => part !== '' && part !== '.' && part !== '..')
}

/** By UTF-8 bytes, which is not JavaScript's order of texts. */
export function byName(a: ObjectEntry, b: ObjectEntry): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))
}
