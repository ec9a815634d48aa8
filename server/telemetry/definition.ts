/** What a metric is: its name, what it means, and where its values are read when somebody looks. */
import type { Histogram } from '../base/histogram.ts'

export type Reading<V> = { labels?: Readonly<Record<string, string>>; value: V }
export type Readings<V> = Iterable<Reading<V>> | Promise<Iterable<Reading<V>>>

type Described = { name: string; help: string; labels?: readonly string[] }

export type Definition =
  | (Described & { kind: 'counter' | 'gauge'; read(): Readings<number> })
  | (Described & { kind: 'histogram'; read(): Readings<Histogram> })
