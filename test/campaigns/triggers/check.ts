/** Holds what functions and NATS have seen against the stream itself. */
import type { Sight } from './functions.ts'

/** A change, as GetRecords shows it. */
export type Truth = { id: string; number: bigint; key: string; shard: string; text: string; poison: boolean }

/** All changes that are done with, by their ids. Errors: one was invented, altered, or came before its time. */
export function follow(name: string, sights: readonly Sight[], truth: readonly Truth[]): Set<string> {
  const byId = new Map(truth.map(change => [change.id, change]))
  const before = earlierOf(truth)
  const done = new Set<string>()
  /** By id, the last invocation that had it. */
  const seen = new Map<string, number>()
  for (const sight of sights) {
    if (sight.kind === 'given up') {
      for (const change of truth) if (covers(sight, change)) done.add(change.id)
      continue
    }
    const change = byId.get(sight.id)
    if (!change) throw new Error(`${name}: ${sight.id} was invented`)
    if (change.text !== sight.text) throw new Error(`${name}: ${sight.id} was altered`)
    const earlier = before.get(sight.id)
    if (earlier !== undefined && !done.has(earlier) && seen.get(earlier) !== sight.event)
      throw new Error(`${name}: ${sight.id} of ${change.key} came before ${earlier} was done with`)
    seen.set(sight.id, sight.event)
    if (sight.kind === 'taken') done.add(sight.id)
  }
  return done
}

/** What is on NATS: the changes, each once, those of an item in order. Errors: it is not that. */
export function checkPublished(messages: { id: string; text: string }[], truth: readonly Truth[]): void {
  const before = earlierOf(truth)
  const seen = new Set<string>()
  const known = new Set(truth.map(({ id }) => id))
  for (const { id } of messages) {
    if (!known.has(id)) throw new Error(`NATS: ${id} was invented`)
    if (seen.has(id)) throw new Error(`NATS: ${id} came twice`)
    const earlier = before.get(id)
    if (earlier !== undefined && !seen.has(earlier)) throw new Error(`NATS: ${id} came before ${earlier}`)
    seen.add(id)
  }
  if (seen.size !== truth.length) throw new Error(`NATS: ${seen.size} changes of ${truth.length}`)
}

/** By id, that of the change of the same item before. */
function earlierOf(truth: readonly Truth[]): Map<string, string> {
  const last = new Map<string, string>()
  const before = new Map<string, string>()
  for (const { id, key } of truth) {
    const earlier = last.get(key)
    if (earlier !== undefined) before.set(id, earlier)
    last.set(key, id)
  }
  return before
}

function covers({ shard, first, last }: Extract<Sight, { kind: 'given up' }>, change: Truth): boolean {
  return change.shard === shard && change.number >= BigInt(first) && change.number <= BigInt(last)
}
