/** TransactionCanceledException of statements: an INSERT that meets an item has a reason of its own. */
import { reasonsOf, transactionCanceled } from '../../model/cancellation.ts'
import type { BoundStatement } from '../../partiql/bind.ts'
import { DUPLICATE_ITEM } from './write.ts'

/** `error` in the words of the statements, one for each reason. */
export function inStatements(error: unknown, statements: BoundStatement[]): unknown {
  const reasons = reasonsOf(error)
  if (reasons.length === 0) return error
  return transactionCanceled(
    reasons.map((reason, i) =>
      statements[i]?.kind === 'insert' && reason.Code === 'ConditionalCheckFailed'
        ? { Code: 'DuplicateItem', Message: DUPLICATE_ITEM }
        : reason,
    ),
  )
}
