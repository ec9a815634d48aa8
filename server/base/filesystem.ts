/** Whole files as a port, so that a simulation can own the disk. What SQLite and the logs do with theirs is their own. */
import { existsSync } from 'node:fs'
import { open, readdir, rename, rm } from 'node:fs/promises'

export interface FileSystem {
  exists(path: string): boolean
  /** Names of what is in the folder. */
  list(folder: string): Promise<string[]>
  /** Not an error if it is not there. */
  remove(path: string): Promise<void>
  /** Takes the place of what is there. */
  rename(from: string, to: string): Promise<void>
  /** The file's bytes, about `chunkBytes` at a time. */
  read(path: string, chunkBytes: number): AsyncIterable<Uint8Array>
  /** Makes the file anew of what comes; it is durable then. Errors: those of the disk and of `chunks`. */
  write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void>
}

export const systemFiles: FileSystem = {
  exists: existsSync,
  list: folder => readdir(folder),
  remove: path => rm(path, { force: true }),
  rename,
  read,
  write,
}

async function* read(path: string, chunkBytes: number): AsyncIterable<Uint8Array> {
  const file = await open(path)
  try {
    for (let from = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, from)
      if (bytesRead === 0) return
      from += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

async function write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w')
  try {
    for await (const chunk of chunks) await file.writeFile(chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}
