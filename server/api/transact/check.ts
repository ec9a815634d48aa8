/** What TransactWriteItems and TransactGetItems check alike (facts, section 4.6). */
import { type CancellationReason, canceledFor } from '../../model/cancellation.ts'
import { DynamoError, validation } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'

export const MAX_ACTIONS = 100
const MAX_BYTES = 4 * 1024 * 1024

/** Empty key values are told as they are, not as the reason of one action. */
const BARE = /cannot contain an empty (?:string|binary) value/

/** An action whose table is known, with the key of its row. */
type Addressed = { table: TableRecord; key: Buffer }

/** @throws ValidationException if actions together have more than 4 MB */
export function checkBytes(bytes: number): void {
  if (bytes > MAX_BYTES) throw validation('Transaction request exceeds 4MB')
}

/** @throws ValidationException if two actions are on one item */
export function checkDistinct(actions: Addressed[]): void {
  const items = new Set(actions.map(({ table, key }) => `${table.id}/${key.toString('latin1')}`))
  if (items.size < actions.length)
    throw validation('Transaction request cannot include multiple operations on one item')
}

/**
 * Runs `check`, which looks at the action at `place` in the light of its table.
 * @throws TransactionCanceledException with what it refuses as that action's reason
 */
export function checkAction<T>(place: number, count: number, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof DynamoError) || error.code !== 'ValidationException' || BARE.test(error.message)) throw error
    const reason: CancellationReason = { Code: 'ValidationError', Message: error.message }
    throw canceledFor(count, new Map([[place, reason]]))
  }
}
