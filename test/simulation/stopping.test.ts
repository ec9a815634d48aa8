/** How long requests wait for a node that stops: in simulated time, so that this says the same on every machine. */
import test from 'ava'
import { stopEach } from './stopping.ts'

test('a put waits for two appends more than usual, at most, and none fails', async t => {
  const [log, metadata, message] = [20, 20, 1]
  for (const seed of [1, 4]) {
    const stops = await new Promise<ReturnType<typeof stopEach>>((resolve, reject) =>
      setImmediate(() => {
        try {
          resolve(stopEach({ seed, log, metadata, message }))
        } catch (error) {
          reject(error)
        }
      }),
    )
    for (const { led, puts, failed, calm, stop } of stops) {
      t.log(`${led} partitions: ${stop.toFixed(0)} ms, ${calm.toFixed(0)} before`)
      t.true(led > 0 && puts > 100)
      t.is(failed, 0)
      t.true(stop < calm + 2 * log + metadata, `${stop} ms`)
    }
  }
})
