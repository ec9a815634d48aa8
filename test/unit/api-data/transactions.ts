/** Transactions over the rows of a world: each is tried on a copy, which replaces the rows if all actions succeed. */
import type { TransactAction, Transactions, TransactToken } from '../../../server/cluster/cluster.ts'
import { compileCondition } from '../../../server/expression/condition.ts'
import { DynamoError, dynamo } from '../../../server/model/errors.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import type { CheckCommand, Image, WriteCommand, WriteOutcome } from '../../../server/partition/command.ts'

type Rows = {
  get(table: TableRecord, key: Buffer): Image | undefined
  write(table: TableRecord, command: WriteCommand): WriteOutcome
  /** Undoes all writes since. */
  mark(): () => void
}

/** `tokens`: the requests done, by token. */
export function transactionsOf(rows: Rows, tokens = new Map<string, string>()): Transactions {
  const perform = ({ table, command }: TransactAction) =>
    command.kind === 'check' ? check(rows.get(table, command.key), command) : rows.write(table, command)
  return {
    async write(actions: TransactAction[], token?: TransactToken) {
      const done = token && tokens.get(token.token)
      if (done !== undefined && done !== token!.request) throw dynamo('IdempotentParameterMismatchException', 'differs')
      const undo = rows.mark()
      const results = actions.map(action => attempt(() => perform(action)))
      if (done !== undefined || results.some(result => result instanceof DynamoError)) undo()
      if (done === undefined && results.some(result => result instanceof DynamoError)) throw cancelled(results)
      if (token) tokens.set(token.token, token.request)
      const outcomes = results.map(result => (result instanceof DynamoError ? NOTHING : result))
      return { outcomes, replayed: done !== undefined }
    },
    read: async gets => gets.map(({ table, key }) => rows.get(table, key)),
  }
}

const NOTHING: WriteOutcome = { units: { table: 1, indexes: {} } }

function check(image: Image | undefined, { condition, returnOnFailure }: CheckCommand): WriteOutcome {
  const item = image && JSON.parse(image.json)
  if (compileCondition(condition)(item)) return NOTHING
  throw dynamo(
    'ConditionalCheckFailedException',
    'The conditional request failed',
    returnOnFailure && item && { Item: item },
  )
}

function attempt<T>(work: () => T): T | DynamoError {
  try {
    return work()
  } catch (error) {
    if (error instanceof DynamoError) return error
    throw error
  }
}

function cancelled(results: (WriteOutcome | DynamoError)[]): DynamoError {
  const reasons = results.map(result =>
    result instanceof DynamoError
      ? { Code: result.code.replace('Exception', ''), Message: result.message, ...result.members }
      : { Code: 'None' },
  )
  return dynamo(
    'TransactionCanceledException',
    'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
      `[${reasons.map(({ Code }) => Code).join(', ')}]`,
    { CancellationReasons: reasons },
  )
}
