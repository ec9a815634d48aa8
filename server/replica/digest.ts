/**
 * What a replica says of its rows, so that they can be compared with those of another one: a digest of some of them, as of an entry
 * that both apply. One that has yet to apply it waits for it; nothing is held still meanwhile, and a write costs a comparison.
 */
import type { Clock } from '../base/clock.ts'
import { OperatorError } from '../base/failure.ts'
import type { Position } from '../log/log.ts'
import type { AppliedState } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'

/** How long an entry is waited for. */
const WAIT_MS = 1000

/** `from`: as the answer before had it in `next`; absent for the first rows. */
export type DigestQuestion = { position: Position; from?: string; maxBytes: number }

export type DigestAnswer =
  /** `next`: absent after the last rows. */
  | { kind: 'rows'; digest: string; bytes: number; next?: string }
  /** More is applied already, or that entry has not come in time. */
  | { kind: 'passed' | 'behind'; applied: Position }

/** How a replica was found not to be like the others. */
export type Finding = {
  /** Some of the rows of this table are not the same. */
  table: string
  position: Position
  /** The nodes of the replicas that it was compared with. */
  others: string[]
  /** Those agree with each other, and are more than half of all; else nobody can tell which are right. */
  isDecided: boolean
}

/** A replica whose rows are not those of the others: apply makes the same of the same log (INV-P2), so one of them is damaged. */
export class Differing extends OperatorError {
  readonly isDecided: boolean

  constructor(finding: Finding) {
    super(sentenceOf(finding))
    this.isDecided = finding.isDecided
  }
}

/** Errors: those of the disk. */
export async function digestAt(
  { position, from, maxBytes }: DigestQuestion,
  store: Store,
  applier: Applier,
  clock: Clock,
): Promise<DigestAnswer> {
  const { position: applied } = applier.state
  const read = ({ items, bytes, epoch }: AppliedState): DigestAnswer => {
    const { next, ...page } = store.digests.page(`${items} ${bytes} ${epoch}`, from, maxBytes)
    return { kind: 'rows', ...page, ...(next !== undefined && { next }) }
  }
  if (applied === position) return read(applier.state)
  if (applied > position) return { kind: 'passed', applied }
  return new Promise((resolve, reject) => {
    const over = () => {
      forget()
      cancel()
    }
    const forget = applier.look(position, state => {
      over()
      try {
        resolve(read(state))
      } catch (error) {
        reject(error)
      }
    })
    const cancel = clock.after(WAIT_MS, () => {
      over()
      resolve({ kind: 'behind', applied: applier.state.position })
    })
  })
}

function sentenceOf({ table, position, others, isDecided }: Finding): string {
  const of = `of table ${table}, as of entry ${position}`
  return isDecided
    ? `its rows ${of}, are not those of ${others.join(' and ')}, which are the same`
    : `its rows ${of}, and those of ${others.join(' and ')} differ, and nothing tells which are right`
}
