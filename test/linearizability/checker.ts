/**
 * Whether a history could be that of one item at a time, each operation at some instant between its call and its return.
 * After Wing and Gong, with Lowe's improvements: operations take effect only when one that returns needs it ("just in time"),
 * and what has led nowhere once is not tried again. An operation of unknown outcome may take effect at any time after its
 * call, or never. Each key is checked by itself: linearizability is local.
 */
import type { Operation, Value } from './history.ts'
import { agrees, step } from './model.ts'

export type Verdict =
  | { valid: true }
  /** `operation`: the first whose result nothing explains, in the explanation that got furthest. */
  | { valid: false; key: string; operation: Operation }

export function check(operations: Operation[]): Verdict {
  for (const [key, list] of Map.groupBy(operations, ({ key }) => key)) {
    const operation = checkItem(list)
    if (operation) return { valid: false, key, operation }
  }
  return { valid: true }
}

type Event = { time: number; returns: boolean; operation: number }

/** A way to explain what has returned so far: the state, and which others have taken effect. */
type Explanation = {
  state: Value
  /** Operations that have taken effect and will return. */
  early: number[]
  /** Those of unknown outcome that have taken effect. */
  unknown: number[]
}

/** An event, and the explanations of everything before and at it that were not tried yet. */
type Frame = { event: number; ways: Iterator<Explanation> }

/** @returns the operation that can't be explained; undefined if all can */
function checkItem(operations: Operation[]): Operation | undefined {
  const events = eventsOf(operations)
  const pendings = pendingAt(operations, events)
  const failed = new Failed()
  let furthest = 0
  const start: Explanation = { state: undefined, early: [], unknown: [] }
  const frames: Frame[] = [{ event: -1, ways: [start].values() }]
  while (frames.length > 0) {
    const frame = frames.at(-1)!
    const { value: way, done } = frame.ways.next()
    if (done) {
      frames.pop()
      continue
    }
    const event = frame.event + 1
    if (event === events.length) return undefined
    if (failed.add(event, way)) continue
    furthest = Math.max(furthest, event)
    frames.push({ event, ways: explain(operations, pendings[event]!, events[event]!.operation, way) })
  }
  return operations[events[furthest]!.operation]
}

/** The returns in their order; at the same instant calls come first. */
function eventsOf(operations: Operation[]): Event[] {
  const events: Event[] = []
  for (const [operation, { returned }] of operations.entries())
    if (returned !== undefined) events.push({ time: returned, returns: true, operation })
  return events.sort((a, b) => a.time - b.time)
}

/** By event: the operations that are called by then, and have not returned before. */
function pendingAt(operations: Operation[], events: Event[]): number[][] {
  const calls = operations.map((_, i) => i).sort((a, b) => operations[a]!.called - operations[b]!.called)
  const pending = new Set<number>()
  let called = 0
  return events.map(({ time, operation }) => {
    for (; called < calls.length && operations[calls[called]!]!.called <= time; called++) pending.add(calls[called]!)
    const now = [...pending]
    pending.delete(operation)
    return now
  })
}

/** The ways in which `returning` can have taken effect by now, those that need the fewest others first. */
function* explain(
  operations: Operation[],
  pending: number[],
  returning: number,
  from: Explanation,
): Generator<Explanation> {
  if (from.early.includes(returning)) {
    yield { ...from, early: from.early.filter(operation => operation !== returning) }
    return
  }
  const seen = new Failed()
  for (let level = [from]; level.length > 0; ) {
    const next: Explanation[] = []
    for (const way of level) {
      const last = effect(operations, returning, way)
      if (last) yield { ...way, state: last.state }
      for (const operation of pending) {
        if (operation === returning || way.early.includes(operation) || way.unknown.includes(operation)) continue
        const after = effect(operations, operation, way)
        if (after && !seen.add(0, after)) next.push(after)
      }
    }
    level = next
  }
}

/** The operation takes effect; undefined if it can't, with what its client was told. */
function effect(operations: Operation[], operation: number, way: Explanation): Explanation | undefined {
  const { op, result, returned } = operations[operation]!
  const taken = step(way.state, op)
  if (!taken || !agrees(result, taken.result)) return undefined
  const { state } = taken
  if (returned !== undefined) return { ...way, state, early: [...way.early, operation].sort((a, b) => a - b) }
  // Without an effect, it may as well never happen.
  if (state === way.state) return undefined
  return { ...way, state, unknown: [...way.unknown, operation].sort((a, b) => a - b) }
}

/** Ways that were tried. One that has used more operations of unknown outcome than another can explain no more than that. */
class Failed {
  readonly #tried = new Map<string, number[][]>()

  /** @returns whether it, or a better one, was there before */
  add(event: number, { state, early, unknown }: Explanation): boolean {
    const name = `${event} ${typeof state} ${state} ${early}`
    const tried = this.#tried.get(name)
    if (!tried) this.#tried.set(name, [unknown])
    else if (tried.some(other => other.every(operation => unknown.includes(operation)))) return true
    else tried.push(unknown)
    return false
  }
}
