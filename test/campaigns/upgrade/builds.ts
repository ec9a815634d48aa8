/** Builds of Tavola to run side by side: an older one of the history, this one, and one as the next might be. */
import { spawnSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FORMAT } from '../../../server/store/format.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { plant } from '../faults/planted.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The path of its `bin/tavola.js`, and what removes it. */
export type Build = { main: string; remove(): Promise<void> }

export const own: Build = { main: join(ROOT, 'bin', 'tavola.js'), remove: async () => {} }

/** Errors: the history has no such commit. */
export async function ofCommit(commit: string): Promise<Build> {
  const { path, remove } = await makeTempFolder()
  const archive = `git -C '${ROOT}' archive '${commit}' server bin package.json | tar -x -C '${path}'`
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', archive], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`there is no build of ${commit}: ${stderr}`)
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  return { main: join(path, 'bin', 'tavola.js'), remove }
}

/** It reads, and so writes when all do, one more format. */
export function next(): Promise<Build> {
  const [from, to] = [FORMAT, FORMAT + 1].map(format => `export const FORMAT = ${format}`) as [string, string]
  return plant({ changes: [{ file: 'server/store/format.ts', from, to }], faults: [] })
}
