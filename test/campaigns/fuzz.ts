/**
 * Hostile requests by the hundred thousand against the real program: `npm run fuzz -- --requests 150000 --seed 7`.
 * Each is a function of the seed and its number, so that a seed sends the same ones again. Whatever is sent, the server
 * answers as the API does, in time, in flat memory, and ends and starts again with all that it holds.
 */
import { parseArgs } from 'node:util'
import { OPERATIONS as ROWS } from '../../docs/operations.ts'
import { FuzzFailure } from './fuzz/campaign.ts'
import { OPERATIONS } from './fuzz/requests.ts'
import { runSession, type Session, shown } from './fuzz/session.ts'

/** They name what has chance in its name, which a function of the seed cannot. */
const NEVER_GRANTED = new Set([
  'DescribeBackup',
  'DeleteBackup',
  'RestoreTableFromBackup',
  'DescribeExport',
  'DescribeImport',
])

/** About seven in ten differ from a valid request. */
const REQUESTS = 150_000

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: String(REQUESTS) },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    first: { type: 'string', default: '0' },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)

try {
  const numbers = { seed, requests: Number(values.requests), first: Number(values.first) }
  report(await runSession({ ...numbers, progress: console.log }))
} catch (error) {
  console.error(error instanceof FuzzFailure ? error.message : error)
  console.error(`seed ${seed}`)
  process.exitCode = 1
}

function report({ tally, memory, items }: Session): void {
  const { mutated, slowest, granted, answers } = tally
  console.log(`${mutated} mutated requests; ${items} items in the end`)
  console.log(`memory: ${shown(memory)}`)
  console.log(`slowest: request ${slowest.number}, ${Math.round(slowest.ms)} ms`)
  console.log('answers', Object.fromEntries([...answers].sort(([, a], [, b]) => b - a)))
  console.log('granted', Object.fromEntries([...granted].sort(([, a], [, b]) => b - a)))
  const working = ROWS.filter(({ state }) => state === 'works')
  const isMissed = (name: string) => !Object.hasOwn(OPERATIONS, name) || !(granted.has(name) || NEVER_GRANTED.has(name))
  const missed = working.filter(({ name }) => isMissed(name))
  if (missed.length > 0) throw new Error(`never granted: ${missed.map(({ name }) => name)}`)
}
