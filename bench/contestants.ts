/** Who takes part: how each is started, and what it costs to have it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { obtain, PEER_NAMES } from './peers.ts'
import { drop, endServer, freePort, makeFolder, residentMb, type Server, startServer } from './process.ts'
import { median } from './statistics.ts'

export type Contestant = {
  name: string
  version: string
  /** Whether it has tables to fill. */
  fills: boolean
  /** The command line of a server with its data in that empty folder. */
  command(port: number, data: string): string[]
}

export type Running = Contestant & Server & { folder: string; startMs: number }

export type Memory = Record<string, number | undefined>

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

export const FLOOR: Contestant = {
  name: 'floor',
  version: process.version,
  fills: false,
  command: port => [process.execPath, path('./floor.ts'), String(port)],
}

export const TAVOLA: Contestant = tavola()

/** Tavola, with more arguments on its command line. */
export function tavola(args: string[] = []): Contestant {
  const main = [process.execPath, path('../bin/tavola.js')]
  return {
    name: 'tavola',
    version: 'this checkout',
    fills: true,
    command: (port, data) => [...main, '--port', String(port), '--data-dir', data, ...args],
  }
}

export const NAMES = [FLOOR.name, TAVOLA.name, ...PEER_NAMES]

const SETTLE_MS = 3000

/** Those of the contestants that can be had; a line for each that can't. Errors: a name that is none. */
export async function gather(names: string[], say: (line: string) => void): Promise<Contestant[]> {
  const unknown = names.filter(name => !NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`no such contestant: ${unknown} (${NAMES})`)
  const contestants: Contestant[] = []
  for (const name of NAMES.filter(name => names.includes(name))) {
    const own = [FLOOR, TAVOLA].find(contestant => contestant.name === name)
    const contestant =
      own ?? (await obtain(name, say).catch((error: Error) => say(`without ${name}: ${error.message}`)))
    if (contestant) contestants.push(contestant)
  }
  return contestants
}

/** Starts it `times` times on empty folders, one after the other; the last one stays. `startMs` is the median. */
export async function launch(contestant: Contestant, times = 1, disk?: string): Promise<Running> {
  const starts: number[] = []
  for (;;) {
    const folder = await makeFolder(disk)
    const port = await freePort()
    const server = await startServer(port, contestant.command(port, folder), folder)
    starts.push(server.startMs)
    if (starts.length === times) return { ...contestant, ...server, folder, startMs: median(starts) }
    await endServer(server)
    await drop(folder)
  }
}

/** Their memory once they have come to rest, in MB by name. */
export async function idleMemory(running: Running[]): Promise<Memory> {
  await sleep(SETTLE_MS)
  return memory(running)
}

/** Resident memory in MB by name; undefined where the system does not tell. */
export function memory(running: Running[]): Memory {
  return Object.fromEntries(running.map(server => [server.name, residentMb(server.process.pid!)]))
}

/** Ends them all and removes their folders. */
export async function dismiss(running: Running[]): Promise<void> {
  await Promise.all(
    running.map(async server => {
      await endServer(server)
      await drop(server.folder)
    }),
  )
}
