/** What the actions of a transaction would do here, all of them evaluated at one point. */
import { DynamoError } from '../model/errors.ts'
import type { Effect } from '../partition/entry.ts'
import { type CurrentRow, type Evaluation, evaluate } from '../partition/evaluate.ts'
import type { Action, Refusal, Verdict } from '../partition/transaction.ts'
import type { Batches } from './batches.ts'
import { CONFLICT, type Locks } from './locks.ts'

export type Judgement = {
  verdicts: Verdict[]
  refused: boolean
  /** By action; undefined where nothing changes. */
  effects: (Effect | undefined)[]
  /** The last batch that the judgement rests on. */
  batch: number | undefined
}

export class Judge {
  readonly #batches: Batches
  readonly #locks: Locks

  constructor(batches: Batches, locks: Locks) {
    this.#batches = batches
    this.#locks = locks
  }

  /** Changes nothing. Errors: NotLeading, if nothing may begin here; whatever is no refusal of DynamoDB's. */
  judge(actions: Action[]): Judgement {
    const refusal = this.#batches.refusal()
    if (refusal) throw refusal
    const judgement: Judgement = { verdicts: [], refused: false, effects: [], batch: undefined }
    for (const action of actions) this.#add(judgement, action)
    return judgement
  }

  #add(judgement: Judgement, action: Action): void {
    const pending = this.#batches.pending(action.key)
    if (pending) judgement.batch = Math.max(judgement.batch ?? 0, pending.batch)
    const row = this.#batches.current(action.key, pending)
    const evaluation = this.#evaluate(action, row)
    const isRefused = 'refusal' in evaluation
    judgement.effects.push(isRefused ? undefined : evaluation.effect)
    judgement.verdicts.push(isRefused ? evaluation : { outcome: evaluation.outcome, size: sizeAfter(evaluation, row) })
    judgement.refused ||= isRefused
  }

  #evaluate(action: Action, row: CurrentRow): Evaluation | { refusal: Refusal } {
    if (this.#locks.holder(action.key)) return { refusal: { code: 'TransactionConflict', message: CONFLICT } }
    try {
      return evaluate(this.#batches.table, action, row)
    } catch (error) {
      return { refusal: refusalOf(error) }
    }
  }
}

function sizeAfter({ effect }: Evaluation, row: CurrentRow): number {
  return (effect ? effect.image?.size : row.size()) ?? 0
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof DynamoError)) throw error
  const { code, message, members } = error
  if (code === 'ValidationException') return { code: 'ValidationError', message }
  if (code !== 'ConditionalCheckFailedException') throw error
  const refusal: Refusal = { code: 'ConditionalCheckFailed', message }
  if (members?.Item) refusal.item = members.Item as Refusal['item']
  return refusal
}
