import test from 'ava'
import type { Figures, OperationFigures } from '../../../bench/cluster/measures.ts'
import { textOf } from '../../../bench/cluster/report.ts'

const light = { p50: 1, p99: 2 }
const floor = { light, halfLoad: { p50: 1.5, p99: 4 } }
const stop = (longest: number) => ({ led: 4, longest: [longest, 50], calm: [40, 30], took: 900, failed: 0 })
const operation = (embedded: number, cluster: number): OperationFigures => ({
  embedded: { light, heavy: { perSecond: 5000, cpu: embedded } },
  cluster: { light, heavy: { perSecond: 2000, cpu: cluster } },
})
const figures = (get: OperationFigures, p99: number, idle: number): Figures => ({
  nodes: [{ nodes: 3, get, put: operation(200, 400), putsPerAppend: 7.25, halfLoad: { p50: 3, p99 }, floor }],
  growth: [3, 300].map((partitions, i) => ({
    partitions,
    get: { perSecond: 1, cpu: 100 + i * idle },
    put: { perSecond: 1, cpu: 200 },
    idle: 0.01,
  })),
  failover: [900, 1100, 3000],
  stops: [stop(100), stop(p99 > 10 ? 300 : 150)],
})

test('shares are of CPU, and missed targets are said', t => {
  const good = textOf(figures(operation(150, 300), 9, 5))
  t.regex(good, /GetItem per core: 0.50 of embedded\./)
  t.regex(good, /Puts in one append: 7.3\./)
  t.regex(good, /log alone, bare appends at the same rate: p50 1.5 ms, p99 4.0 ms/)
  t.regex(
    good,
    /told to stop: 2\. .* 75 ms at the median, 150 at most; .* 35 ms at the median, 40 at most\. .* failed: 0\./,
  )
  t.regex(good, /median 1100 ms, at most 3000 ms, of 3/)
  t.notRegex(good, /target/)
  const bad = textOf(figures(operation(100, 300), 12, 50))
  t.regex(bad, /GetItem per core: 0.33 of embedded \(the target: 0.4\)/)
  t.regex(bad, /p99 12.0 ms \(the target: under 10 ms\)/)
  t.regex(bad, /300 at most \(the target: under 200 ms\)/)
  t.regex(bad, /costs 1.50 and 1.00 times as much \(the target: under 1.1\)/)
})

test('what was not measured is left out', t => {
  const text = textOf({ nodes: [], growth: undefined, failover: [5], stops: undefined })
  t.notRegex(text, /Partitions|Storage nodes/)
})
