/** TransactionCanceledException of statements: an INSERT that meets an item has a reason of its own. */
import { DynamoError, dynamo } from '../../model/errors.ts'
import type { BoundStatement } from '../../partiql/bind.ts'
import { DUPLICATE_ITEM } from './write.ts'

type Reason = { Code: string; Message?: string; Item?: unknown }

/** `error` in the words of the statements, one for each reason. */
export function inStatements(error: unknown, statements: BoundStatement[]): unknown {
  if (!(error instanceof DynamoError) || error.code !== 'TransactionCanceledException') return error
  const given = error.members?.CancellationReasons as Reason[]
  const reasons = given.map((reason, i) =>
    statements[i]?.kind === 'insert' && reason.Code === 'ConditionalCheckFailed'
      ? { Code: 'DuplicateItem', Message: DUPLICATE_ITEM }
      : reason,
  )
  const codes = reasons.map(({ Code }) => Code).join(', ')
  const message = error.message.replace(/\[[^[]*\]$/, () => `[${codes}]`)
  return dynamo(error.code, message, { ...error.members, CancellationReasons: reasons })
}
