/** The leader's single writes: evaluated at once, against the row as everything before leaves it. */
import type { Tracer } from '../base/tracer.ts'
import { dynamo } from '../model/errors.ts'
import type { WriteCommand, WriteOutcome } from '../partition/command.ts'
import { type Evaluation, evaluate } from '../partition/evaluate.ts'
import type { Batches } from './batches.ts'
import { CONFLICT, type Locks } from './locks.ts'

const OVERLOADED =
  'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html.'

/** How long a patient write waits for a transaction. */
const PATIENCE_MS = 500

export class Writes {
  readonly #batches: Batches
  readonly #locks: Locks
  readonly #tracer: Tracer

  constructor(batches: Batches, locks: Locks, tracer: Tracer) {
    this.#batches = batches
    this.#locks = locks
    this.#tracer = tracer
  }

  /** Errors: DynamoError from the evaluation, TransactionConflictException, ThrottlingException; NotLeading. */
  write(command: WriteCommand): Promise<WriteOutcome> {
    const batches = this.#batches
    if (batches.isFull) return Promise.reject(overloaded())
    const refusal = batches.refusal()
    if (refusal) return Promise.reject(refusal)
    if (this.#locks.size > 0 && this.#locks.holder(command.key)) return this.#meetHolder(command)
    const span = this.#tracer.current()
    const evaluating = span?.child('evaluate')
    const before = batches.pending(command.key)
    let evaluation: Evaluation
    try {
      evaluation = evaluate(batches.table, command, batches.current(command.key, before))
      evaluating?.end()
    } catch (error) {
      evaluating?.end()
      return batches.rested(before?.batch, () => {
        throw error
      })
    }
    const { effect, outcome } = evaluation
    if (!effect) return batches.rested(before?.batch, () => outcome)
    return batches.after(batches.add(effect, span), () => outcome)
  }

  async #meetHolder(command: WriteCommand): Promise<WriteOutcome> {
    if (!command.patient || !(await this.#locks.free(command.key, PATIENCE_MS)))
      throw dynamo('TransactionConflictException', CONFLICT)
    return this.write(command)
  }
}

export function overloaded(): Error {
  return dynamo('ThrottlingException', OVERLOADED)
}
