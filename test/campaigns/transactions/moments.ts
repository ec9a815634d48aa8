/** The steps of the transactions' protocol at which a process can be made to end. */
import { decodeEntry } from '../../../server/partition/entry.ts'

/** What an entry has in it. `write`: rows, be it of single writes or of transactions in one partition. */
export const KINDS = ['prepare', 'commit', 'abort', 'resolve', 'token', 'write'] as const
/** Before the entry is given to the log; when it is durable, and not applied; when it is applied, and not answered. */
export const TIMES = ['before', 'durable', 'applied'] as const

/** The `count`th entry of a kind, counted from the start of the process. */
export type Moment = { kind: (typeof KINDS)[number]; time: (typeof TIMES)[number]; count: number }

export function kindsOf(bytes: Uint8Array): Moment['kind'][] {
  const entry = decodeEntry(bytes)
  if (entry.kind !== 'write') return []
  const steps = (entry.steps ?? []).flatMap((step): Moment['kind'][] => {
    if (step.kind === 'decide') return [step.outcome === 'committed' ? 'commit' : 'abort']
    return step.kind === 'forget' ? [] : [step.kind]
  })
  return entry.effects.length > 0 ? [...steps, 'write'] : steps
}
