/** What `GET /metrics` says, parsed. */

export type Sample = { name: string; labels: Record<string, string>; value: number }

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const TYPE = /^# TYPE (\w+) (\w+)$/gm
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

export class Metrics {
  readonly samples: Sample[]
  /** By metric: counter, gauge or histogram. */
  readonly types: Map<string, string>
  /** Of all samples. */
  readonly names: Set<string>

  constructor(text: string) {
    const lines = text.split('\n')
    this.samples = lines.filter(line => line !== '' && !line.startsWith('#')).map(sampleOf)
    this.types = new Map([...text.matchAll(TYPE)].map(([, name, type]) => [name!, type!]))
    this.names = new Set(this.samples.map(({ name }) => name))
  }

  /** The labels that a metric, or a part of a histogram, has in any sample; undefined if there is no sample. */
  labels(name: string): Set<string> | undefined {
    const parts = [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]
    const samples = this.samples.filter(sample => parts.includes(sample.name))
    return samples.length === 0 ? undefined : new Set(samples.flatMap(({ labels }) => Object.keys(labels)))
  }

  /** The value of the one sample that has these labels and no others; undefined if there is none. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    return this.samples.find(sample => sample.name === name && sameLabels(sample.labels, labels))?.value
  }

  /** All samples in which the label has this value. */
  of(label: string, value: string): Sample[] {
    return this.samples.filter(sample => sample.labels[label] === value)
  }
}

/** Errors: the line is no sample. */
function sampleOf(line: string): Sample {
  const [, name, labels = '', value] = LINE.exec(line) ?? []
  if (name === undefined) throw new Error(`no sample: ${line}`)
  const pairs = [...labels.matchAll(LABEL)].map(match => [match[1]!, match[2]!] as const)
  return { name, labels: Object.fromEntries(pairs), value: Number(value) }
}

function sameLabels(a: Record<string, string>, b: Record<string, string>): boolean {
  return (
    Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value)
  )
}

export async function scrape(endpoint: string): Promise<Metrics> {
  const response = await fetch(`${endpoint}/metrics`)
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}`)
  return new Metrics(await response.text())
}
