/** The way of a batch of writes to the log and into the store, as spans of each traced write in it. */
import type { Span } from '../base/tracer.ts'

export class BatchTrace {
  readonly #writes: Span[] = []
  /** Of the stage that is under way. */
  #stage: Span[] = []

  join(write: Span): void {
    this.#writes.push(write)
  }

  /** The entry is on its way to the log. */
  proposed(): void {
    this.#begin('append')
  }

  durable(): void {
    this.#endStage()
    this.#begin('apply')
  }

  /** Applied, or failed. */
  settled(error?: Error): void {
    this.#endStage(error)
  }

  #begin(name: string): void {
    this.#stage = this.#writes.map(write => write.child(name))
  }

  #endStage(error?: Error): void {
    for (const span of this.#stage.splice(0)) span.end(error)
  }
}
