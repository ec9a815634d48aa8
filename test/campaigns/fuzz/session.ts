/** A server of its own for one campaign, and what must be true of it at the end. */
import { isDeepStrictEqual } from 'node:util'
import { spawnTavola, type TavolaProcess } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { runCampaign, type Tally } from './campaign.ts'
import { contents, removeStrays, residentMemory } from './service.ts'

export type SessionOptions = {
  seed: number
  requests: number
  /** Number of the first request; after a failure, a session may begin later than at 0. */
  first?: number
  /** Told now and then. */
  progress?(line: string): void
}

export type Session = { tally: Tally; memory: { warm: number; end: number }; items: number }

/** Memory is looked at once this share of the requests is done, and at the end. */
const WARM_UP = 0.25
const GROWTH = 1.5
/** What a heap may differ by from one collection to another, in MiB. */
const SLACK = 100
/** In fewer requests a heap comes to no rest: one body of many MiB is a large part of it. */
const STEADY = 20_000

/** Errors: FuzzFailure, or an Error that says what is wrong with the server in the end. */
export async function runSession({ seed, requests, first = 0, progress = () => {} }: SessionOptions): Promise<Session> {
  const folder = await makeTempFolder()
  try {
    const server = await spawnTavola(['--data-dir', folder.path])
    try {
      const { tally, memory } = await campaign(server, seed, first, requests, progress)
      const before = await contents(server.endpoint)
      await end(server)
      await checkRestart(folder.path, before)
      return { tally, memory, items: [...before.values()].flat().length }
    } catch (error) {
      progress(`server:\n${server.stderr().slice(-20_000)}`)
      throw error
    } finally {
      await server.kill('SIGKILL')
    }
  } finally {
    await folder.remove()
  }
}

async function campaign(
  server: TavolaProcess,
  seed: number,
  first: number,
  requests: number,
  progress: (line: string) => void,
) {
  const { endpoint, pid } = server
  const step = Math.min(1000, Math.ceil(requests * WARM_UP))
  let warm = 0
  const tally = await runCampaign({
    endpoint,
    seed,
    first,
    requests,
    every: {
      requests: step,
      async call(sent) {
        await removeStrays(endpoint)
        const memory = await residentMemory(pid)
        if (warm === 0 && sent >= requests * WARM_UP) warm = memory
        if (sent % (10 * step) === 0) progress(`${sent} of ${requests} requests, ${Math.round(memory)} MiB`)
      },
    },
  })
  const memory = { warm, end: await residentMemory(pid) }
  if (requests >= STEADY && memory.end > warm * GROWTH + SLACK) {
    throw new Error(`memory grew from ${Math.round(warm)} MiB to ${Math.round(memory.end)} MiB`)
  }
  return { tally, memory }
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
