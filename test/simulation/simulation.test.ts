/** A few seconds of the simulation; `npm run simulate` is the long one. */
import test from 'ava'
import { campaign } from './campaign.ts'
import { drawScript } from './draw.ts'
import { PLANTS } from './plants.ts'
import { readRegressions } from './regressions.ts'
import { run, runSoon } from './run.ts'

const MS = 15_000

test.serial('the same seed is the same run, event by event', async t => {
  const script = drawScript(7)
  const first = await runSoon(script)
  t.deepEqual(first.failures, [])
  t.true(first.events > 1000)
  t.is((await runSoon(script)).hash, first.hash)
  t.not((await runSoon(drawScript(8))).hash, first.hash)
})

for (const [file, { story, script }] of readRegressions())
  test.serial(`not again: ${file}`, async t => {
    const { failures } = await runSoon(script)
    t.deepEqual(failures, [], story)
  })

for (const [name, seed] of [
  ['answer-before-durable', 1],
  ['skip-a-lock', 1],
] as const)
  test.serial(`a planted bug is found: ${name}`, async t => {
    const found = await new Promise<number>(resolve =>
      setImmediate(() => {
        const takeOut = PLANTS[name]!.plant()
        let count = 0
        for (let i = seed; i < seed + 10 && count === 0; i++) count = run(drawScript(i)).failures.length
        takeOut()
        resolve(count)
      }),
    )
    t.true(found > 0)
  })

/** Fresh ones are for `npm run simulate`, as long as some of them find what is not understood yet. */
const SEEDS = 20

test.serial('seeds: whatever goes wrong, everything is as it must be in the end', async t => {
  const from = 1
  const { failures, seeds } = await campaign({ from, seeds: SEEDS, requests: 200, ms: MS, report: () => {} })
  t.log(`${seeds} seeds from ${from}`)
  t.deepEqual(
    failures.map(({ seed, failure }) => `npm run simulate -- --seed ${seed} # ${failure}`),
    [],
  )
})
