/** A few seconds of the simulation; `npm run simulate` is the long one. */
import test, { type ExecutionContext } from 'ava'
import { campaign } from './campaign.ts'
import { drawScript, type SizeName } from './draw.ts'
import { PLANTS } from './plants.ts'
import { readRegressions } from './regressions.ts'
import { run, runSoon } from './run.ts'

const KNOWN_MS = 6_000
const SHORT_MS = 12_000

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
  ['skip-the-fence', 20],
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
async function passes(t: ExecutionContext, part: { from: number; seeds: number; size: SizeName; ms: number }) {
  const { failures, seeds } = await campaign({ ...part, report: () => {} })
  t.log(`${seeds} ${part.size} seeds from ${part.from}`)
  const length = part.size === 'short' ? ' --short' : ''
  t.deepEqual(
    failures.map(({ seed, failure }) => `npm run simulate -- --seed ${seed}${length} # ${failure}`),
    [],
  )
}

test.serial('seeds: whatever goes wrong, everything is as it must be in the end', t =>
  passes(t, { from: 1, seeds: 8, size: 'long', ms: KNOWN_MS }),
)

// Fresh ones are for `npm run simulate`, until none of them stops a node for good (README): these are known to end.
test.serial('the same of many short ones', t => passes(t, { from: 423757240, seeds: 400, size: 'short', ms: SHORT_MS }))
