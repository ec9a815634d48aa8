/** What is on its way out of a socket: the frames of one turn of the event loop go together. */
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { FrameWriter } from './frames.ts'

export class Outbox {
  readonly frames: FrameWriter
  readonly #clock: Clock
  #socket: Socket | undefined
  #scheduled = false

  constructor(clock: Clock, limit: number) {
    this.frames = new FrameWriter(limit)
    this.#clock = clock
  }

  /** Bytes that the other side has not taken. */
  get waiting(): number {
    return this.frames.length + (this.#socket?.writableLength ?? 0)
  }

  /** From now on all goes there. */
  open(socket: Socket): void {
    this.#socket = socket
    this.#flush()
  }

  /** Something was added to `frames`. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.soon(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#socket && this.frames.length > 0) this.#socket.write(this.frames.take())
  }
}
