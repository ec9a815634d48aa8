/** Temporary folders that remove themselves. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

export type TempFolder = { path: string; remove(): Promise<void> }

/** A new, empty folder; the caller removes it. */
export async function makeTempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), 'tavola-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** Path of a new, empty folder that goes with the test. */
export async function tempFolder(t: ExecutionContext): Promise<string> {
  const { path, remove } = await makeTempFolder()
  t.teardown(remove)
  return path
}
