/** Many seeds, in one process of their own or several: what never ends holds up that one, and is told by its seed. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { add, type Coverage } from './coverage.ts'
import { drawScript, type SizeName } from './draw.ts'
import { PLANTS } from './plants.ts'
import { runSoon } from './run.ts'

export type Failure = { seed: number; failure: string }

export type CampaignOptions = {
  from: number
  seeds: number
  size: SizeName
  requests?: number
  jobs?: number
  plant?: string
  /** Ends early, after so many milliseconds. */
  ms?: number
  report(failure: Failure): void
}

export type CampaignResult = {
  failures: Failure[]
  /** How many were run. */
  seeds: number
  events: number
  /** Milliseconds of the processor. */
  cpuMs: number
  coverage: Coverage
  counts: Map<string, number>
}

type Part = Omit<CampaignOptions, 'report' | 'jobs'> & { step: number }
type Word = { seed: number } | { failure: Failure } | { result: CampaignResult }

/** A seed that takes longer will never end, however busy the machine is: a long one takes a second. */
const SEED_MS = 120_000

const THIS = fileURLToPath(import.meta.url)

export async function campaign({ jobs = 1, report, ...options }: CampaignOptions): Promise<CampaignResult> {
  const parts = Array.from({ length: jobs }, (_, i) => ({
    ...options,
    from: options.from + i,
    seeds: options.seeds - i,
    step: jobs,
  }))
  const results = await Promise.all(parts.map(part => runElsewhere(part, report)))
  const whole = emptyResult()
  for (const { failures, seeds, events, cpuMs, coverage, counts } of results) {
    whole.failures.push(...failures)
    whole.seeds += seeds
    whole.events += events
    whole.cpuMs += cpuMs
    add(whole.coverage, coverage)
    for (const [what, times] of counts) whole.counts.set(what, (whole.counts.get(what) ?? 0) + times)
  }
  return whole
}

function emptyResult(): CampaignResult {
  return { failures: [], seeds: 0, events: 0, cpuMs: 0, coverage: new Map(), counts: new Map() }
}

async function runPart(
  { from, seeds, size, requests, plant, step, ms }: Part,
  tell: (word: Word) => void,
): Promise<CampaignResult> {
  const takeOut = plant === undefined ? undefined : PLANTS[plant]!.plant()
  const result = emptyResult()
  const end = performance.now() + (ms ?? Number.POSITIVE_INFINITY)
  const before = process.cpuUsage()
  for (let seed = from; seed < from + seeds && performance.now() < end; seed += step) {
    tell({ seed })
    const script = drawScript(seed, { size, requests, often: plant === undefined ? undefined : PLANTS[plant]!.often })
    const { failures, events, counts } = await runSoon(script, { coverage: result.coverage })
    result.seeds += 1
    result.events += events
    for (const [what, times] of counts) result.counts.set(what, (result.counts.get(what) ?? 0) + times)
    if (failures.length === 0) continue
    const failure = { seed, failure: failures[0]! }
    result.failures.push(failure)
    tell({ failure })
  }
  takeOut?.()
  const { user, system } = process.cpuUsage(before)
  result.cpuMs = (user + system) / 1000
  return result
}

function runElsewhere(part: Part, report: (failure: Failure) => void): Promise<CampaignResult> {
  return new Promise((resolve, reject) => {
    const child = fork(THIS, [JSON.stringify(part)], { serialization: 'advanced' })
    const failures: Failure[] = []
    const failed = (failure: Failure) => {
      failures.push(failure)
      report(failure)
    }
    let watch: NodeJS.Timeout | undefined
    const begun = (seed: number) => {
      const giveUp = () => {
        failed({ seed, failure: `it has not ended after ${SEED_MS / 1000} s of real time` })
        resolve({ ...emptyResult(), seeds: (seed - part.from) / part.step + 1, failures })
        child.kill('SIGKILL')
      }
      watch = setTimeout(giveUp, SEED_MS)
    }
    child.on('message', (word: Word) => {
      clearTimeout(watch)
      if ('seed' in word) begun(word.seed)
      else if ('failure' in word) failed(word.failure)
      else resolve(word.result)
    })
    child.on('error', reject)
    child.on('exit', code => {
      clearTimeout(watch)
      if (code !== 0) reject(new Error(`a part of the campaign ended with ${code}`))
    })
  })
}

if (process.send && process.argv[1] === THIS) {
  const tell = (word: Word) => process.send!(word)
  const result = await runPart(JSON.parse(process.argv[2]!) as Part, tell)
  tell({ result })
  process.disconnect()
}
