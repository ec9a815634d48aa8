/** `npm run simulate -- --seeds 10000`, `--seed 17`, `--plant NAME`, `--plants`, `--coverage`; test/simulation/README.md says more. */
import { parseArgs } from 'node:util'
import { campaign, type Failure } from './campaign.ts'
import { showCoverage } from './coverage.ts'
import { drawScript, type SizeName } from './draw.ts'
import { PLANTS } from './plants.ts'
import { keepRegression } from './regressions.ts'
import { runSoon } from './run.ts'
import { say } from './say.ts'
import { shrink } from './shrink.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    requests: { type: 'string' },
    short: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
    plant: { type: 'string' },
    plants: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    loud: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'string', default: '300' },
    keep: { type: 'string' },
  },
})
const size: SizeName = values.short ? 'short' : 'long'
const requests = values.requests === undefined ? undefined : Number(values.requests)
const drawn = { size, requests }
const [from, seeds, jobs] = [Number(values.from), Number(values.seeds), Number(values.jobs)]

if (values.plants) await allPlants()
else if (values.seed !== undefined) await oneSeed(Number(values.seed))
else await manySeeds()

async function oneSeed(seed: number): Promise<void> {
  if (values.plant) PLANTS[values.plant]!.plant()
  const often = values.plant ? PLANTS[values.plant]!.often : undefined
  const script = drawScript(seed, { ...drawn, often })
  const { failures, hash, time, events, lines } = await runSoon(script, { keeps: values.trace, loud: values.loud })
  for (const line of lines) console.log(line)
  console.log(`${(time / 1000).toFixed(1)} s, ${events} events, trace ${hash}`)
  for (const failure of failures) console.log(failure)
  const [failure] = failures
  if (failure === undefined) return console.log(`seed ${seed}: all is as it must be`)
  process.exitCode = 1
  const runs = Number(values.shrink)
  if (runs === 0) return
  const shortest = await shrink(script, failure, { runs })
  console.log(`\nThe shortest script found that fails the same way:\n${say(shortest)}`)
  if (values.keep) console.log(keepRegression(values.keep, { story: failure.split('\n')[0]!, script: shortest }))
}

async function manySeeds(): Promise<void> {
  const start = performance.now()
  const { failures, coverage, events, cpuMs, counts } = await campaign({
    from,
    seeds,
    ...drawn,
    jobs,
    plant: values.plant,
    report,
  })
  const s = (performance.now() - start) / 1000
  console.log(
    `seeds ${from} to ${from + seeds - 1}: ${failures.length} failed; ${(seeds / s).toFixed(1)} seeds/s, ${(cpuMs / seeds).toFixed(0)} ms of the processor and ${Math.round(events / seeds)} events each`,
  )
  const total = (pattern: RegExp) =>
    [...counts].reduce((sum, [what, times]) => sum + (pattern.test(what) ? times : 0), 0)
  console.log(`${total(/ done$/)} requests done, ${total(/./) - total(/ done$/)} refused, or of unknown outcome`)
  if (values.coverage) console.log(showCoverage(coverage))
  if (failures.length > 0) process.exitCode = 1
}

/** Each, or the one that is named, until it is caught. */
async function allPlants(): Promise<void> {
  for (const [name, { does, often, plant }] of Object.entries(PLANTS)) {
    if (values.plant !== undefined && values.plant !== name) continue
    const takeOut = plant()
    const start = performance.now()
    let caught: Failure | undefined
    for (let seed = 1; seed <= seeds && !caught; seed++) {
      const { failures } = await runSoon(drawScript(seed, { ...drawn, often }))
      if (failures.length > 0) caught = { seed, failure: failures[0]! }
    }
    takeOut()
    const s = ((performance.now() - start) / 1000).toFixed(1)
    if (!caught) process.exitCode = 1
    const what = caught
      ? `caught by seed ${caught.seed} in ${s} s: ${caught.failure.split('\n')[0]!.slice(0, 160)}`
      : `NOT CAUGHT by ${seeds} seeds`
    console.log(`${name} (${does}): ${what}`)
  }
}

function report({ seed, failure }: Failure): void {
  const plant = values.plant ? ` --plant ${values.plant}` : ''
  const length = `${values.short ? ' --short' : ''}${values.requests ? ` --requests ${values.requests}` : ''}`
  console.log(`npm run simulate -- --seed ${seed}${length}${plant} # ${failure.split('\n')[0]!.slice(0, 300)}`)
}
