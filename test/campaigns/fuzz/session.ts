/** A server of its own for one campaign, and what must be true of it at the end. */
import { isDeepStrictEqual } from 'node:util'
import { spawnTavola, type TavolaProcess } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { newTally, runCampaign, type Tally } from './campaign.ts'
import { contents, removeStrays, residentMemory } from './service.ts'
import { openStream } from './streamrequests.ts'
import { HUGE_FROM } from './wire.ts'

export type SessionOptions = {
  seed: number
  requests: number
  /** Number of the first request; after a failure, a session may begin later than at 0. */
  first?: number
  /** Milliseconds in which each must be answered: 5,000 unless the machine is busy with other things. */
  patience?: number
  /** Told now and then. */
  progress?(line: string): void
}

/** In MiB. */
export type Memory = { warm: number; end: number; huge: number }

export type Session = { tally: Tally; memory: Memory; items: number }

/** Memory is looked at once this share of the requests is done, and when all are. */
const WARM_UP = 0.25
const GROWTH = 1.3
/** What a heap may differ by from one collection to another, in MiB. */
const SLACK = 100
/** In fewer requests a heap comes to no rest. */
const STEADY = 20_000
/** As many requests more, among them bodies of many MiB, for which a heap may grow to this size, in MiB. */
const HUGE_SHARE = 1 / 50
const HUGE_MEMORY = 1500

/** Errors: FuzzFailure, or an Error that says what is wrong with the server in the end. */
export async function runSession(options: SessionOptions): Promise<Session> {
  const folder = await makeTempFolder()
  try {
    const server = await spawnTavola(['--data-dir', folder.path])
    try {
      const { tally, memory } = await campaign(server, options)
      const before = await contents(server.endpoint)
      await end(server)
      await checkRestart(folder.path, before)
      return { tally, memory, items: [...before.values()].flat().length }
    } catch (error) {
      options.progress?.(`server:\n${server.stderr().slice(-20_000)}`)
      throw error
    } finally {
      await server.kill('SIGKILL')
    }
  } finally {
    await folder.remove()
  }
}

/** All requests, then those of the second kind. Errors: FuzzFailure; or memory is not flat, or too much. */
async function campaign(
  { endpoint, pid }: TavolaProcess,
  { seed, first = 0, requests, patience = 5000, progress = () => {} }: SessionOptions,
): Promise<{ tally: Tally; memory: Memory }> {
  await openStream(endpoint)
  const tally = newTally()
  const step = Math.min(1000, Math.ceil(requests * WARM_UP))
  const memory: Memory = { warm: 0, end: 0, huge: 0 }
  const look = async (sent: number) => {
    await removeStrays(endpoint)
    const now = await residentMemory(pid)
    if (memory.warm === 0 && sent >= requests * WARM_UP) memory.warm = now
    if (sent % (10 * step) === 0) progress(`${sent} of ${requests} requests, ${Math.round(now)} MiB`)
  }
  const common = { endpoint, seed, patience, every: { requests: step, call: look } }
  await runCampaign({ ...common, first, requests }, tally)
  memory.end = await residentMemory(pid)
  if (requests >= STEADY && memory.end > memory.warm * GROWTH + SLACK) throw new Error(`memory grew: ${shown(memory)}`)
  await runCampaign({ ...common, first: first + HUGE_FROM, requests: Math.ceil(requests * HUGE_SHARE) }, tally)
  memory.huge = await residentMemory(pid)
  if (memory.huge > HUGE_MEMORY) throw new Error(`huge bodies take too much memory: ${shown(memory)}`)
  return { tally, memory }
}

export function shown({ warm, end, huge }: Memory): string {
  return `${Math.round(warm)} MiB when warm, ${Math.round(end)} MiB in the end, ${Math.round(huge)} MiB after huge bodies`
}

/** Errors: the server does not end as told, or has written of defects. */
async function end(server: TavolaProcess): Promise<void> {
  const { code, signal } = await server.kill('SIGTERM')
  if (code !== 0) throw new Error(`the server ended with ${signal ?? code}`)
  const errors = server
    .stderr()
    .split('\n')
    .filter(line => line !== '' && !/^\{"level":[1-4]0,/.test(line))
  if (errors.length > 0) throw new Error(`the server reports errors:\n${errors.join('\n')}`)
}

/** What was kept is what comes back. */
async function checkRestart(dataDir: string, before: Map<string, string[]>): Promise<void> {
  const server = await spawnTavola(['--data-dir', dataDir])
  const after = await contents(server.endpoint)
  await end(server)
  if (!isDeepStrictEqual(after, before)) throw new Error('the tables hold other items after a restart')
}
