/** Objects of backups and archives: compressed, and known by the hash of what is stored. */
import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { getWhole, ObjectMissing, type ObjectStore } from '../objects/objects.ts'

/** Where an object is, how long, and what it must hash to. */
export type Sealed = { name: string; size: number; sha256: string }

/** What a backup consists of is missing, or is not what was written. */
export class Damaged extends Error {
  override name = 'Damaged'
}

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** `nameOf` may put the hash into the name. */
export async function putSealed(
  objects: ObjectStore,
  nameOf: string | ((sha256: string) => string),
  bytes: Uint8Array,
): Promise<Sealed> {
  const stored = await compress(bytes)
  const sha256 = hash('sha256', stored, 'hex')
  const name = typeof nameOf === 'string' ? nameOf : nameOf(sha256)
  await objects.put(name, stored)
  return { name, size: stored.length, sha256 }
}

/** Errors: Damaged. */
export async function getSealed(objects: ObjectStore, sealed: Sealed): Promise<Buffer> {
  return decompress(await getIntact(objects, sealed))
}

/** As it is stored. Errors: Damaged. */
export async function getIntact(objects: ObjectStore, { name, size, sha256 }: Sealed): Promise<Buffer> {
  const stored = await getWhole(objects, name).catch(error => {
    throw error instanceof ObjectMissing ? new Damaged(`the object ${name} is missing`) : error
  })
  if (stored.length !== size || hash('sha256', stored, 'hex') !== sha256) {
    throw new Damaged(`the object ${name} is not what was written`)
  }
  return stored
}
