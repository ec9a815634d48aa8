/** Long answers, asked for piece by piece: whoever receives them sets the pace, and other answers go in between. */
import type { Clock } from '../base/clock.ts'

/** `soon`: it is being made; ask again. */
export type Chunk = Uint8Array | 'ended' | 'soon'

/** One that nobody asks for so long is given up. */
const IDLE_MS = 60_000
/** Shorter than a call may take. */
const ANSWER_MS = 3000

type Sending = {
  pieces: AsyncIterator<Uint8Array>
  next: Promise<IteratorResult<Uint8Array>> | undefined
  cancel(): void
}

export class Sendings {
  readonly #clock: Clock
  readonly #sendings = new Map<number, Sending>()
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  open(pieces: AsyncIterable<Uint8Array>): number {
    const number = ++this.#last
    this.#sendings.set(number, { pieces: pieces[Symbol.asyncIterator](), next: undefined, cancel: () => {} })
    this.#wait(number)
    return number
  }

  /** Errors: those of what is sent; that it is over. */
  async next(number: number): Promise<Chunk> {
    const sending = this.#sendings.get(number)
    if (!sending) throw new Error('what was being sent is over')
    this.#wait(number)
    sending.next ??= sending.pieces.next()
    const next = await this.#inTime(sending.next)
    if (!next) return 'soon'
    sending.next = undefined
    if (!next.done) return next.value
    this.close(number)
    return 'ended'
  }

  /** Nobody wants it any more. */
  close(number: number): void {
    const sending = this.#sendings.get(number)
    sending?.cancel()
    this.#sendings.delete(number)
    sending?.pieces.return?.().catch(() => {})
  }

  closeAll(): void {
    for (const number of [...this.#sendings.keys()]) this.close(number)
  }

  #wait(number: number): void {
    const sending = this.#sendings.get(number)!
    sending.cancel()
    sending.cancel = this.#clock.after(IDLE_MS, () => this.close(number))
  }

  #inTime<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ANSWER_MS, () => resolve(undefined))
      promise.then(resolve, reject).finally(cancel)
    })
  }
}
