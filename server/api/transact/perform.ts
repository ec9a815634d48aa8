/** Transactions as handlers run them: the items that a conflict refused are counted. */
import type { TransactAction, Transactions, TransactToken } from '../../cluster/cluster.ts'
import { reasonsOf } from '../../model/cancellation.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'

type Write = ReturnType<Transactions['write']>
type Read = ReturnType<Transactions['read']>

/** Errors: those of `Transactions.write`. */
export function writeAll(call: Call, actions: TransactAction[], token: TransactToken | undefined): Write {
  return counted(call, actions, 'write', call.cluster.transactions.write(actions, token))
}

/** Errors: those of `Transactions.read`. */
export function readAll(call: Call, gets: { table: TableRecord; key: Buffer }[]): Read {
  return counted(call, gets, 'read', call.cluster.transactions.read(gets))
}

async function counted<T>(
  call: Call,
  parts: { table: TableRecord }[],
  access: 'read' | 'write',
  work: Promise<T>,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    for (const [i, { Code }] of reasonsOf(error).entries()) {
      if (Code === 'TransactionConflict')
        call.meter.refusedPart(parts[i]!.table, access, 'TransactionConflictException')
    }
    throw error
  }
}
