/** Many seeds, in one process or several. */
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
type Word = { failure: Failure } | { result: CampaignResult }

const THIS = fileURLToPath(import.meta.url)

export async function campaign({ jobs = 1, report, ...options }: CampaignOptions): Promise<CampaignResult> {
  if (jobs === 1) return runPart({ ...options, step: 1 }, report)
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
  report: (failure: Failure) => void,
): Promise<CampaignResult> {
  const takeOut = plant === undefined ? undefined : PLANTS[plant]!.plant()
  const result = emptyResult()
  const end = performance.now() + (ms ?? Number.POSITIVE_INFINITY)
  const before = process.cpuUsage()
  for (let seed = from; seed < from + seeds && performance.now() < end; seed += step) {
    const { failures, events, counts } = await runSoon(drawScript(seed, { size, requests }), {
      coverage: result.coverage,
    })
    result.seeds += 1
    result.events += events
    for (const [what, times] of counts) result.counts.set(what, (result.counts.get(what) ?? 0) + times)
    if (failures.length === 0) continue
    const failure = { seed, failure: failures[0]! }
    result.failures.push(failure)
    report(failure)
  }
  takeOut?.()
  const { user, system } = process.cpuUsage(before)
  result.cpuMs = (user + system) / 1000
  return result
}

function runElsewhere(part: Part, report: (failure: Failure) => void): Promise<CampaignResult> {
  return new Promise((resolve, reject) => {
    const child = fork(THIS, [JSON.stringify(part)], { serialization: 'advanced' })
    child.on('message', (word: Word) => {
      if ('failure' in word) report(word.failure)
      else resolve(word.result)
    })
    child.on('error', reject)
    child.on('exit', code => code !== 0 && reject(new Error(`a part of the campaign ended with ${code}`)))
  })
}

if (process.send && process.argv[1] === THIS) {
  const tell = (word: Word) => process.send!(word)
  const result = await runPart(JSON.parse(process.argv[2]!) as Part, failure => tell({ failure }))
  tell({ result })
  process.disconnect()
}
