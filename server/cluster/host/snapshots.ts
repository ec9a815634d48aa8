/** A partition's file on its way from one node to another: its bytes, and then their SHA-256. */
import { createHash } from 'node:crypto'
import type { Replica } from '../../replica/replica.ts'
import { deleteStore, Store } from '../../store/store.ts'
import type { Files } from './files.ts'

const CHUNK_BYTES = 1024 * 1024
const DIGEST_BYTES = 32

/** The replica's file as of one entry. Errors: those of the disk. */
export async function* sendSnapshot(replica: Replica, files: Files): AsyncIterable<Uint8Array> {
  const path = files.outgoing(replica.partition)
  try {
    await replica.copy(path)
    const hash = createHash('sha256')
    for await (const chunk of files.fileSystem.read(path, CHUNK_BYTES)) {
      hash.update(chunk)
      yield chunk
    }
    yield hash.digest()
  } finally {
    await files.fileSystem.remove(path)
  }
}

/**
 * Puts what comes in the place of the partition's file, whole or not at all. `clear` makes the place free.
 * Errors: that it was cut short or changed on the way; OperatorError, if it is another partition's, or too new.
 */
export async function receiveSnapshot(
  partition: string,
  chunks: AsyncIterable<Uint8Array>,
  files: Files,
  clear: (path: string) => void | Promise<void> = deleteStore,
): Promise<void> {
  const incoming = files.incoming(partition)
  if (incoming === undefined)
    throw new Error('a partition in memory can not be rebuilt from the file of another replica')
  try {
    await files.fileSystem.write(incoming, checked(chunks))
    // Its format and its partition are looked at.
    new Store(incoming, partition, 0, files.reads).close()
    const path = files.path(partition)
    if (files.fileSystem.exists(path)) await clear(path)
    await files.fileSystem.rename(incoming, path)
  } finally {
    deleteStore(incoming)
  }
}

/** The file's own bytes. Errors: that they are not those that were sent. */
async function* checked(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256')
  // The last bytes are held back: they are not the file's.
  let held = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const all = Buffer.concat([held, chunk])
    const bytes = all.subarray(0, Math.max(0, all.length - DIGEST_BYTES))
    held = all.subarray(bytes.length)
    hash.update(bytes)
    yield bytes
  }
  if (!hash.digest().equals(held)) throw new Error('the file of another replica came damaged, or cut short')
}
