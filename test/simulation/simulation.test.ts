/** A few seconds of the simulation; `npm run simulate` is the long one. */
import test, { type ExecutionContext } from 'ava'
import { campaign } from './campaign.ts'
import { drawScript } from './draw.ts'
import { PLANTS } from './plants.ts'
import { readRegressions } from './regressions.ts'
import { run, runSoon } from './run.ts'

const MS = 8_000
const KNOWN = 12
const FRESH = 8

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

/** Within a time, so that a slow machine plays fewer. */
async function passes(t: ExecutionContext, from: number, count: number): Promise<void> {
  const { failures, seeds } = await campaign({ from, seeds: count, size: 'long', ms: MS, report: () => {} })
  t.log(`${seeds} seeds from ${from}`)
  t.deepEqual(
    failures.map(({ seed, failure }) => `npm run simulate -- --seed ${seed} # ${failure}`),
    [],
  )
}

test.serial('seeds: whatever goes wrong, everything is as it must be in the end', t => passes(t, 1, KNOWN))

test.serial('the same of seeds that nobody has seen', t => passes(t, Date.now() % 1_000_000_000, FRESH))
