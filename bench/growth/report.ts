/** The figures of the sweeps as plain data, charts and Markdown. */

import { type Cell, errorsOf, type Measure, middle, ratio } from '../cells.ts'
import { chart, type Panel, short } from '../chart.ts'
import { table } from '../report.ts'
import type { Sweep } from './sweeps.ts'

/** Tavola and the floor at one point, each other's neighbours in every round. */
export type Pair = { x: number; operation: string; floor: Cell; tavola: Cell }

export type Figure = {
  x: number
  operation: string
  perSecond: number
  floorPerSecond: number
  ofFloor: number
  p50: number
  p99: number
  floorP99: number
  errors: Record<string, number>
}

export function figuresOf(pairs: Pair[]): Figure[] {
  return pairs.map(({ x, operation, floor, tavola }) => ({
    x,
    operation,
    perSecond: middle(tavola, 'perSecond'),
    floorPerSecond: middle(floor, 'perSecond'),
    ofFloor: ratio(tavola, floor, 'perSecond'),
    p50: middle(tavola, 'p50'),
    p99: middle(tavola, 'p99'),
    floorP99: middle(floor, 'p99'),
    errors: errorsOf(tavola),
  }))
}

/** Three panels: throughput, the same as a share of the floor, and p99. The floor is dashed. */
export function chartOf({ title, xLabel, operations }: Sweep, figures: Figure[]): string {
  const line = (operation: string, measure: 'perSecond' | 'floorPerSecond' | 'ofFloor' | 'p99' | 'floorP99') =>
    figures
      .filter(figure => figure.operation === operation)
      .map(figure => [figure.x, figure[measure]] as [number, number])
  const besideFloor = (measure: 'perSecond' | 'p99', floor: 'floorPerSecond' | 'floorP99') =>
    operations.flatMap(name => [
      { name, points: line(name, measure) },
      { name, points: line(name, floor), dashed: true },
    ])
  const panel = (title: string, yLabel: string, series: Panel['series']) => ({
    title,
    xLabel,
    xLog: true,
    yLabel,
    series,
  })
  const panels = [
    panel('Throughput', 'requests/s', besideFloor('perSecond', 'floorPerSecond')),
    panel(
      'Throughput as a share of the floor',
      'share',
      operations.map(name => ({ name, points: line(name, 'ofFloor') })),
    ),
    panel('Latency, 99th percentile', 'ms', besideFloor('p99', 'floorP99')),
  ]
  return chart(title, panels, 'dashed: the floor, in the same minutes')
}

export function sectionOf(sweep: Sweep, figures: Figure[], pairs: Pair[]): string {
  const lines = figures.map(figure => [
    figure.operation,
    short(figure.x),
    String(Math.round(figure.perSecond)),
    figure.ofFloor.toFixed(2),
    figure.p50.toFixed(2),
    figure.p99.toFixed(2),
    Object.entries(figure.errors)
      .map(([name, count]) => `${count} ${name}`)
      .join(', '),
  ])
  return [
    `## ${sweep.title}`,
    ...(sweep.name === 'table-size' ? [answerOf(pairs)] : []),
    `![${sweep.title}](${sweep.name}.svg)`,
    table(['operation', sweep.xLabel, '/s', 'of floor', 'p50 ms', 'p99 ms', 'errors'], lines),
  ].join('\n\n')
}

/** How the largest table reads beside the smallest, which took turns with it. */
export function answerOf(pairs: Pair[]): string {
  const answers = ['GetItem', 'Query'].flatMap(operation => {
    const reads = pairs.filter(pair => pair.operation === operation).toSorted((a, b) => a.x - b.x)
    const [small, large] = [reads[0], reads.at(-1)]
    if (small === undefined || large === undefined || small === large) return []
    const of = (measure: Measure) => ratio(large.tavola, small.tavola, measure).toFixed(2)
    const [few, many] = [small.x, large.x].map(x => x.toLocaleString('en'))
    return [
      `${operation} on ${many} items does ${of('perSecond')} times the requests a second that it does on ${few}, with a p99 ${of('p99')} times as long.`,
    ]
  })
  return answers.join(' ')
}
