import test from 'ava'
import { chart, type Series, short } from '../../../bench/chart.ts'

const panel = (series: Series[], xLog = false) => ({ title: 'p', xLabel: 'x', yLabel: 'y', xLog, series })

function linesOf(svg: string): number[][][] {
  return [...svg.matchAll(/points="([^"]*)"/g)].map(match =>
    match[1]!.split(' ').map(pair => pair.split(',').map(Number)),
  )
}

test('equal steps of a logarithmic axis are equal factors', t => {
  const points: [number, number][] = [
    [1, 5],
    [10, 5],
    [100, 5],
  ]
  const [line] = linesOf(chart('c', [panel([{ name: 'a', points }], true)]))
  const [first, second, third] = line!.map(([x]) => x!)
  t.true(Math.abs(second! - first! - (third! - second!)) < 0.2)
})

test('figures that span decades are drawn on a logarithmic axis, others from zero', t => {
  const line = (ys: number[]) => linesOf(chart('c', [panel([{ name: 'a', points: ys.map((y, x) => [x, y]) }])]))[0]!
  const heights = (ys: number[]) => line(ys).map(([, y]) => y!)
  const [a, b, c] = heights([1, 100, 10_000])
  t.true(Math.abs(a! - b! - (b! - c!)) < 0.2)
  const [half, whole] = heights([50, 100])
  t.is(Math.round((250 - half!) / (250 - whole!) / 0.01), 50)
})

test('nothing that is no number, and no markup of a name, gets into the picture', t => {
  const odd: [number, number][] = [
    [1, Number.NaN],
    [2, 7],
    [Number.POSITIVE_INFINITY, 7],
  ]
  const svg = chart('a < b & c', [panel([{ name: 'one', points: odd }]), panel([{ name: 'none', points: [] }])])
  t.notRegex(svg, /NaN|Infinity/)
  t.regex(svg, /a &lt; b &amp; c/)
})

test('ticks are short', t => {
  t.deepEqual([0, 0.25, 512, 1500, 1_000_000, 5e9].map(short), ['0', '0.25', '512', '1.5k', '1M', '5G'])
})
