/** Time that passes from one event to the next, and not in between: the whole cluster runs in it, one event after the other. */

type Event = { at: number; order: number; task: (() => void) | undefined }

/** What one turn of an event loop takes, in milliseconds: whoever asks for the next one again and again gets on in time. */
export const TURN_MS = 0.001

export class VirtualTime {
  /** Milliseconds since the beginning. */
  now = 0
  events = 0
  readonly #heap: Event[] = []
  #order = 0

  /** Runs `task` once, at that time. Returns a function that cancels it. */
  at(time: number, task: () => void): () => void {
    const event: Event = { at: Math.max(time, this.now), order: this.#order++, task }
    push(this.#heap, event)
    return () => {
      event.task = undefined
    }
  }

  after(ms: number, task: () => void): () => void {
    return this.at(this.now + Math.max(0, ms), task)
  }

  /**
   * Lets time pass until `done`, or until nothing is left to happen by `end`. To be called from a task of the real event loop,
   * not from a promise's: between two events all promises that can go on do. Errors: those of the events.
   */
  run(done: () => boolean, end: number): void {
    drain()
    while (!done()) {
      const next = this.#heap[0]
      if (!next || next.at > end) {
        this.now = Math.max(this.now, Math.min(end, next?.at ?? end))
        return
      }
      pop(this.#heap)
      if (!next.task) continue
      this.now = next.at
      this.events += 1
      next.task()
      drain()
    }
  }
}

/** Node's own way to empty the queues of ticks and promises: what it does after each task of the event loop. */
const drain = (process as unknown as { _tickCallback(): void })._tickCallback

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Event[], event: Event): void {
  let place = heap.push(event) - 1
  while (place > 0) {
    const parent = (place - 1) >> 1
    if (!isBefore(event, heap[parent]!)) break
    heap[place] = heap[parent]!
    place = parent
  }
  heap[place] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let place = 0
  for (;;) {
    let child = 2 * place + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
    if (!isBefore(heap[child]!, last)) break
    heap[place] = heap[child]!
    place = child
  }
  heap[place] = last
}
