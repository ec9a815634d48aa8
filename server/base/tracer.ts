/** Traces as a port: what part of a request took how long. Where nothing is traced, nothing is made. */

export interface Span {
  /** A part of what this span covers; it begins now. */
  child(name: string): Span
  /** Names the span to another process: a `traceparent` of W3C's Trace Context. */
  parent(): string
  end(error?: Error): void
}

export interface Tracer {
  /** The span of the request that is being served just now; undefined if it is not traced. */
  current(): Span | undefined
  /** Does work for another process's span, as a part of it that lasts until the answer is there. */
  join<R>(parent: string, name: string, work: () => R): R
}

export const untraced: Tracer = { current: () => undefined, join: (_parent, _name, work) => work() }
