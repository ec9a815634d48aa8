/** The way of a batch of writes to the log and into the store, as spans of each traced write in it. */
import type { Span } from '../base/tracer.ts'
import type { Position } from '../log/log.ts'
import { sequenceOf } from '../store/changes.ts'
import type { Origins } from './origins.ts'

export class BatchTrace {
  readonly #origins: Origins
  readonly #writes: Span[] = []
  /** Of those whose changes are recorded: which effect of the entry it is, and the span. */
  readonly #recorded: [effect: number, write: Span][] = []
  /** Of the stage that is under way. */
  #stage: Span[] = []

  constructor(origins: Origins) {
    this.#origins = origins
  }

  /** `recorded`: the place of its effect in the entry, if the change is recorded. */
  join(write: Span, recorded: number | undefined): void {
    this.#writes.push(write)
    if (recorded !== undefined) this.#recorded.push([recorded, write])
  }

  /** The entry is on its way to the log. */
  proposed(position: Position): void {
    for (const [effect, write] of this.#recorded) this.#origins.add(sequenceOf(position, effect), write.parent())
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
