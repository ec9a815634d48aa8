/** A short fuzz campaign; `npm run fuzz` is the long one. */
import test from 'ava'
import { runSession } from './fuzz/session.ts'

test('hostile requests are answered as the API does, and change nothing they should not', async t => {
  const seed = Date.now() % 1_000_000
  t.log(`seed ${seed}`)
  // Other test files keep the machine busy.
  const { tally, items } = await runSession({ seed, requests: 3000, patience: 20_000, progress: line => t.log(line) })
  t.true(tally.mutated > 2000)
  t.true(items > 0)
})
