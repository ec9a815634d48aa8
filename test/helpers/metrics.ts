/** What `GET /metrics` says, parsed. */

export type Sample = { name: string; labels: Record<string, string>; value: number }

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

export class Metrics {
  readonly samples: Sample[]

  constructor(text: string) {
    this.samples = text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(sampleOf)
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
