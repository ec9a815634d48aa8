/** How a transaction is refused (facts, section 4.6). */
import { DynamoError, dynamo } from './errors.ts'
import type { Item } from './item.ts'

/** Of one action; `None` if nothing was wrong with it. */
export type CancellationReason = { Code: string; Message?: string; Item?: Item }

/** `reasons`: of all actions, in the order of the request. */
export function transactionCanceled(reasons: CancellationReason[]): DynamoError {
  const codes = reasons.map(({ Code }) => Code).join(', ')
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`
  return dynamo('TransactionCanceledException', message, { CancellationReasons: reasons })
}

/** A transaction of `count` actions, refused for these reasons by place. */
export function canceledFor(count: number, reasons: Map<number, CancellationReason>): DynamoError {
  return transactionCanceled(Array.from({ length: count }, (_, i) => reasons.get(i) ?? { Code: 'None' }))
}

/** The reasons that a TransactionCanceledException gives; none of any other error. */
export function reasonsOf(error: unknown): CancellationReason[] {
  if (!(error instanceof DynamoError) || error.code !== 'TransactionCanceledException') return []
  return error.members!.CancellationReasons as CancellationReason[]
}
