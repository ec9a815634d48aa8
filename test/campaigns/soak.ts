/**
 * An hour of mixed load at half of what the server can do: `npm run soak -- --minutes 60`. Looks for drift of latency and
 * memory, for a log that grows, and for anything acknowledged that is missing. Ctrl-C ends it early and judges what there is.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chart } from '../../bench/chart.ts'
import { judge, type Window } from './soak/judge.ts'
import { runSoak } from './soak/soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    /** Seconds of a window. */
    window: { type: 'string', default: '10' },
    items: { type: 'string', default: '20000' },
    bytes: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    /** Where soak.json and soak.svg go. */
    out: { type: 'string' },
  },
})

let stopped = false
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (stopped = true))

const soak = await runSoak({
  seconds: Number(values.minutes) * 60,
  windowSeconds: Number(values.window),
  capacitySeconds: 10,
  items: Number(values.items),
  bytes: Number(values.bytes),
  seed: Number(values.seed),
  stopped: () => stopped,
  progress: console.log,
})
const verdicts = judge(soak.windows, soak.wanted)
for (const { what, holds, detail } of verdicts) console.log(`${holds ? 'holds' : 'FAILS'}: ${what} (${detail})`)
if (values.out !== undefined) {
  await mkdir(values.out, { recursive: true })
  await writeFile(
    join(values.out, 'soak.json'),
    `${JSON.stringify({ settings: values, verdicts, ...soak }, null, 2)}\n`,
  )
  await writeFile(join(values.out, 'soak.svg'), chartOf(soak.windows))
}
if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1

function chartOf(windows: Window[]): string {
  const line = (name: string, figure: (window: Window) => number | undefined) => ({
    name,
    points: windows.map(window => [window.at / 60, figure(window) ?? Number.NaN] as [number, number]),
  })
  const over = { xLabel: 'minutes' }
  return chart('Soak: mixed load at half of the capacity', [
    { ...over, title: 'Latency', yLabel: 'ms', series: [line('p50', ({ p50 }) => p50), line('p99', ({ p99 }) => p99)] },
    {
      ...over,
      title: 'Memory',
      yLabel: 'MB',
      series: [line('resident', ({ rssMb }) => rssMb), line('heap', ({ heapMb }) => heapMb)],
    },
    {
      ...over,
      title: 'Disk',
      yLabel: 'MB',
      series: [line('log', ({ logMb }) => logMb), line('data', ({ dataMb }) => dataMb)],
    },
  ])
}
