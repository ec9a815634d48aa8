import test from 'ava'
import { Histogram } from '../../../server/base/histogram.ts'
import { textOf } from '../../../server/telemetry/text.ts'

test('counters, gauges and histograms, with labels and without', async t => {
  const histogram = new Histogram([0.5, 1])
  for (const value of [0.25, 0.75, 2]) histogram.observe(value)
  const text = await textOf([
    {
      name: 'c_total',
      help: 'Counts.',
      kind: 'counter',
      labels: ['a', 'b'],
      read: () => [{ labels: { a: 'x', b: '' }, value: 1.5 }],
    },
    { name: 'g', help: 'Stands.', kind: 'gauge', read: async () => [{ value: 0 }] },
    { name: 'none', help: 'Nothing.', kind: 'gauge', read: () => [] },
    {
      name: 'h',
      help: 'Spreads.',
      kind: 'histogram',
      read: () => [{ value: histogram }, { labels: { a: 'x' }, value: histogram }],
    },
  ])
  t.is(
    text,
    `# HELP c_total Counts.
# TYPE c_total counter
c_total{a="x",b=""} 1.5
# HELP g Stands.
# TYPE g gauge
g 0
# HELP none Nothing.
# TYPE none gauge
# HELP h Spreads.
# TYPE h histogram
h_bucket{le="0.5"} 1
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 3
h_sum 3
h_count 3
h_bucket{a="x",le="0.5"} 1
h_bucket{a="x",le="1"} 2
h_bucket{a="x",le="+Inf"} 3
h_sum{a="x"} 3
h_count{a="x"} 3
`,
  )
})

test('no value of a label can break a line', async t => {
  const read = () => [{ labels: { a: 'q"b\\n\n' }, value: 1 }]
  const text = await textOf([{ name: 'c', help: 'C.', kind: 'counter', labels: ['a'], read }])
  t.is(text.split('\n')[2], 'c{a="q\\"b\\\\n\\n"} 1')
})

test('requests get their turn while many series are printed', async t => {
  let turns = 0
  const timer = setInterval(() => (turns += 1), 0)
  const readings = Array.from({ length: 5000 }, (_, i) => ({ labels: { a: `${i}` }, value: i }))
  await textOf([{ name: 'c', help: 'C.', kind: 'counter', labels: ['a'], read: () => readings }])
  clearInterval(timer)
  t.true(turns > 1)
})
