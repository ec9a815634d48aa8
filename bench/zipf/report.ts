/** What the looks at a cluster with moving hot keys come to. */
import { chart } from '../chart.ts'

export type Look = {
  /** Minutes since the load began. */
  at: number
  place: number
  /** Requests a second. */
  rate: number
  partitions: number
  /** By storage node: partitions that it leads, and the share of a core that it used. */
  leaders: Record<string, number>
  busy: Record<string, number>
  /** Milliseconds. */
  p50: number
  p99: number
  /** By the error's name. */
  failed: Record<string, number>
}

export type Verdict = { holds: boolean; what: string }

/** Of a place's time, so much may go by until all has settled. */
const SETTLING = 0.7
/** Minutes for which partitions must stay as they are to count. */
const LASTING = 0.2
/** Leaders of two nodes that differ by more are spread badly. */
const UNEVEN = 2

/** `minutes`: at each place. */
export function verdictsOf(all: Look[], minutes: number): Verdict[] {
  const looks = lasting(all)
  const full = Math.max(...looks.map(({ rate }) => rate))
  const stages = stagesOf(looks)
  const failures = all.flatMap(({ failed }) => Object.entries(failed)).map(([name, count]) => `${count} ${name}`)
  return [
    ...stages
      .filter(stage => stage[0]!.rate === full)
      .map((stage, index) => {
        const late = stage.filter(({ at }) => at > stage[0]!.at + SETTLING * minutes)
        const counts = late.map(({ partitions }) => partitions)
        const what = `place ${index + 1}: ${changesOf(stage)} changes of the number of partitions, ${changesOf(late)} of them in the last third of the time; ${counts.at(-1)} at the end`
        return { holds: changesOf(late) === 0, what }
      }),
    ...stages.map((stage, index) => {
      const counts = Object.values(stage.at(-1)!.leaders)
      return {
        holds: Math.max(...counts) - Math.min(...counts) <= UNEVEN,
        what: `stage ${index + 1} ends with leaders spread ${counts.join(', ')}`,
      }
    }),
    {
      holds: turnsOf(looks) <= 1,
      what: `the number of partitions turned from growing to shrinking or back ${turnsOf(looks)} times`,
    },
    { holds: failures.length === 0, what: `requests refused: ${failures.join(', ') || 'none'}` },
  ]
}

/** Without those at which a split is under way: the partition that is split counts beside those that it becomes. */
function lasting(looks: Look[]): Look[] {
  const isSame = (look: Look, later: Look) => later.at > look.at + LASTING || later.partitions === look.partitions
  return looks.filter((look, i) => looks.slice(i).every(later => isSame(look, later)))
}

function stagesOf(looks: Look[]): Look[][] {
  const stages: Look[][] = []
  for (const look of looks) {
    const last = stages.at(-1)?.at(-1)
    if (last && last.place === look.place && last.rate === look.rate) stages.at(-1)!.push(look)
    else stages.push([look])
  }
  return stages
}

function changesOf(looks: Look[]): number {
  return looks.filter(({ partitions }, i) => i > 0 && partitions !== looks[i - 1]!.partitions).length
}

function turnsOf(looks: Look[]): number {
  const steps = looks.slice(1).map(({ partitions }, i) => Math.sign(partitions - looks[i]!.partitions))
  const moves = steps.filter(step => step !== 0)
  return moves.filter((step, i) => i > 0 && step !== moves[i - 1]).length
}

export function chartOf(looks: Look[]): string {
  const line = (name: string, figure: (look: Look) => number | undefined) => ({
    name,
    points: looks.map(look => [look.at, figure(look) ?? Number.NaN] as [number, number]),
  })
  const nodes = Object.keys(looks[0]!.leaders)
  const panel = { xLabel: 'minutes' }
  return chart('Hot keys that move', [
    {
      ...panel,
      title: 'Partitions, and who leads them',
      yLabel: 'partitions',
      series: [
        line('partitions', look => look.partitions),
        ...nodes.map(node => line(node, look => look.leaders[node])),
      ],
    },
    {
      ...panel,
      title: 'Load of the storage nodes',
      yLabel: 'share of a core',
      series: nodes.map(node => line(node, look => look.busy[node])),
    },
    {
      ...panel,
      title: 'Latency',
      yLabel: 'ms',
      series: [line('p50', look => look.p50), line('p99', look => look.p99)],
    },
  ])
}
