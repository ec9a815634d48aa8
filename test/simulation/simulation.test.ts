/** A few seconds of the simulation; `npm run simulate` is the long one. */
import test, { type ExecutionContext } from 'ava'
import { campaign } from './campaign.ts'
import { drawScript, type SizeName } from './draw.ts'
import { PLANTS } from './plants.ts'
import { readRegressions } from './regressions.ts'
import { run, runSoon } from './run.ts'

const KNOWN_MS = 6_000
const FRESH_MS = 30_000

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

for (const name of ['answer-before-durable', 'skip-a-lock', 'skip-the-fence'])
  test.serial(`a planted bug is found: ${name}`, async t => {
    const found = await new Promise<number>(resolve =>
      setImmediate(() => {
        const { often, plant } = PLANTS[name]!
        const takeOut = plant()
        let count = 0
        for (let seed = 1; seed <= 20 && count === 0; seed++) count = run(drawScript(seed, { often })).failures.length
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

test.serial('the same of many fresh, short ones', t =>
  passes(t, { from: Date.now() % 1_000_000_000, seeds: 250, size: 'short', ms: FRESH_MS }),
)
