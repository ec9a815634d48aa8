import { parseArgs } from 'node:util'
import { drawScript } from './draw.ts'
import { runSoon } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    requests: { type: 'string', default: '200' },
    trace: { type: 'boolean', default: false },
    loud: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed ?? values.from)
const count = values.seed ? 1 : Number(values.seeds)
const start = performance.now()
let failed = 0
let events = 0
const counts = new Map<string, number>()
for (let seed = first; seed < first + count; seed++) {
  const script = drawScript(seed, { requests: Number(values.requests) })
  const verdict = await runSoon(script, { keeps: values.trace, loud: values.loud })
  events += verdict.events
  for (const [what, times] of verdict.counts) counts.set(what, (counts.get(what) ?? 0) + times)
  if (values.trace) for (const line of verdict.lines) console.log(line)
  if (values.seed) console.log(JSON.stringify(script.setup), script.faults.map(f => JSON.stringify(f)).join('\n'), verdict.hash, verdict.time)
  if (verdict.failures.length > 0) {
    failed++
    console.log(`seed ${seed}: ${verdict.failures[0]!.slice(0, 400)}`)
  }
}
const s = (performance.now() - start) / 1000
console.log(`${count} seeds, ${failed} failed, ${(count / s).toFixed(1)} seeds/s, ${Math.round(events / count)} events each`)
if (count > 1) console.log([...counts].sort().map(([a, b]) => `${a}: ${b}`).join('\n'))
