/** Metrics in the text format of Prometheus, of which there may be many: a table has some twenty lines per operation. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Histogram } from '../base/histogram.ts'
import type { Definition, Reading } from './definition.ts'

/** So many readings are printed before requests get their turn. */
const READINGS_AT_ONCE = 200

export async function textOf(definitions: Definition[]): Promise<string> {
  const lines: string[] = []
  let readings = 0
  for (const definition of definitions) {
    const { name, help, kind } = definition
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`)
    for (const reading of await definition.read()) {
      print(lines, name, reading)
      if (++readings % READINGS_AT_ONCE === 0) await nextTurn()
    }
  }
  return `${lines.join('\n')}\n`
}

function print(lines: string[], name: string, { labels = {}, value }: Reading<number | Histogram>): void {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  if (typeof value === 'number') lines.push(`${name}${braced(pairs.join())} ${value}`)
  else printHistogram(lines, name, pairs.join(), value)
}

/** Each bucket counts what is in those below it, too. */
function printHistogram(lines: string[], name: string, labels: string, histogram: Histogram): void {
  const prefix = labels === '' ? '' : `${labels},`
  let sum = 0
  for (const [i, count] of histogram.counts.entries()) {
    sum += count
    lines.push(`${name}_bucket{${prefix}le="${histogram.bounds[i] ?? '+Inf'}"} ${sum}`)
  }
  lines.push(`${name}_sum${braced(labels)} ${histogram.sum}`, `${name}_count${braced(labels)} ${histogram.count}`)
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, character => (character === '\n' ? '\\n' : `\\${character}`))
}
