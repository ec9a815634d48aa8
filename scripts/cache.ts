/** Programs that the project's tests and benches run, fetched once into a folder outside of the checkout. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type Fetch = {
  name: string
  version: string
  /** What fetching it needs and costs. */
  from: string
  /** Installs it into an empty folder. */
  fetch(home: string, version: string): Promise<unknown>
}

const FETCH_TIMEOUT_MS = 20 * 60_000

/** The folder that holds it, fetched if it is not here yet; `room` is a folder of the cache. Errors: it can't be fetched. */
export async function fetched(
  room: string,
  { name, version, from, fetch }: Fetch,
  say: (line: string) => void,
): Promise<string> {
  const cache = cacheOf(room)
  const home = join(cache, `${name}-${version}`)
  if (existsSync(home)) return home
  say(`fetching ${name} ${version}, once, from ${from}`)
  await mkdir(cache, { recursive: true })
  // Whole or not at all: a fetch that was broken off is not taken for one.
  const fresh = await mkdtemp(join(cache, `.${name}-`))
  try {
    await fetch(fresh, version)
    await rename(fresh, home)
  } catch (error) {
    // Of two that fetch at once, the second finds that it is here.
    if (!existsSync(home)) throw error
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return home
}

/** The folder that holds it; undefined if it was not fetched. */
export function present(room: string, { name, version }: Fetch): string | undefined {
  const home = join(cacheOf(room), `${name}-${version}`)
  return existsSync(home) ? home : undefined
}

function cacheOf(room: string): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tavola', room)
}

export type RunOptions = { cwd?: string; env?: NodeJS.ProcessEnv }

/** Errors: the program is missing, fails, or takes too long; with the last of what it said. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<void> {
  try {
    const limits = { timeout: FETCH_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 }
    await promisify(execFile)(command, args, { ...options, ...limits })
  } catch (error) {
    const {
      code,
      killed,
      stdout = '',
      stderr = '',
    } = error as Record<'code' | 'stdout' | 'stderr', string> & { killed?: boolean }
    if (code === 'ENOENT') throw new Error(`${command} is not here`)
    if (killed) throw new Error(`${command} took longer than ${FETCH_TIMEOUT_MS / 60_000} minutes`)
    const said = `${stdout}\n${stderr}`.split('\n')
    const line = said.find(line => /error/i.test(line)) ?? said.findLast(line => line.trim() !== '') ?? ''
    throw new Error(`${command} failed: ${line.trim().slice(0, 300)}`)
  }
}
