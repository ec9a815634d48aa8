/** Whose rows are right, where replicas of a partition differ. Pure. */

export type Verdict =
  /** Too few have said anything. */
  | { kind: 'alone' }
  | { kind: 'same' }
  /** More than half of all replicas are the same: these are `right`. */
  | { kind: 'decided'; right: string[]; wrong: string[] }
  /** No more than half are. `isWhole`: all have said theirs, and waiting for others would not help. */
  | { kind: 'undecided'; differing: string[]; isWhole: boolean }

/** `digests`: by node, of those that answered. `replicas`: all nodes that have one. */
export function judge(digests: ReadonlyMap<string, string>, replicas: string[]): Verdict {
  if (digests.size < 2) return { kind: 'alone' }
  const groups = [...Map.groupBy(digests.keys(), node => digests.get(node)).values()]
  if (groups.length === 1) return { kind: 'same' }
  const right = groups.find(({ length }) => length * 2 > replicas.length)
  if (right) return { kind: 'decided', right, wrong: [...digests.keys()].filter(node => !right.includes(node)) }
  return { kind: 'undecided', differing: [...digests.keys()], isWhole: digests.size === replicas.length }
}
