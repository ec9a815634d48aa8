/** Traces as a port: what part of a request took how long. Where nothing is traced, nothing is made. */

export interface Span {
  /** A part of what this span covers; it begins now. */
  child(name: string): Span
  end(error?: Error): void
}

export interface Tracer {
  /** The span of the request that is being served just now; undefined if it is not traced. */
  current(): Span | undefined
}

export const untraced: Tracer = { current: () => undefined }
