import test from 'ava'
import fc from 'fast-check'
import { DURATIONS, Histogram } from '../../../server/base/histogram.ts'
import { textOf } from '../../../server/telemetry/text.ts'
import { Metrics } from '../../helpers/metrics.ts'

const values = fc.array(fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(...DURATIONS)))

test('a value is in the first bucket whose bound it does not exceed', t => {
  const histogram = new Histogram([1, 2])
  for (const value of [0, 1, 1.5, 2, 2.1, 100]) histogram.observe(value)
  t.deepEqual(histogram.counts, [2, 2, 2])
  t.is(histogram.count, 6)
})

test('as text: how many values are at most each bound', async t => {
  await fc.assert(
    fc.asyncProperty(values, async observed => {
      const histogram = new Histogram(DURATIONS)
      for (const value of observed) histogram.observe(value)
      const read = () => [{ labels: { table: 'T' }, value: histogram }]
      const definition = { name: 'h', help: 'A histogram.', kind: 'histogram' as const, labels: ['table'], read }
      const metrics = new Metrics(await textOf([definition]))
      for (const bound of [...DURATIONS, Number.POSITIVE_INFINITY]) {
        const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : `${bound}`
        t.is(metrics.value('h_bucket', { table: 'T', le }), observed.filter(value => value <= bound).length)
      }
      t.is(metrics.value('h_count', { table: 'T' }), observed.length)
    }),
    { numRuns: 30 },
  )
})
