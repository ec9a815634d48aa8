/** What lies on the disk, and what is fetched from there. */
import { readFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const PIECE_BYTES = 4 * 1024 * 1024

/** Reads all files of a folder, so that the system has them in memory if there is room. */
export async function readAll(folder: string): Promise<void> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    // A log is trimmed, and its files go, while the server is there.
    const file = await open(join(entry.parentPath, entry.name)).catch(() => undefined)
    if (!file) continue
    try {
      while ((await file.read(piece, 0, piece.length)).bytesRead > 0);
    } finally {
      await file.close()
    }
  }
}

/** MB (10^6 bytes) that a process has had fetched from the disk so far; undefined where the system does not say. */
export function fetchedMb(pid: number): number | undefined {
  try {
    const bytes = /^read_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]
    return bytes === undefined ? undefined : Number(bytes) / 1e6
  } catch {
    return undefined
  }
}
