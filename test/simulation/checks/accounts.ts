/** Money is neither made nor lost. */
import { readAll } from '../requests.ts'
import { ACCOUNTS, BALANCE } from '../script.ts'
import type { Looking } from './checks.ts'

/** Errors: that the sum is another one, or one has less than nothing. */
export function checkAccounts({ ask }: Looking): void {
  const balances = ACCOUNTS.map((_, i) =>
    Number(ask('TransactGetItems', readAll(ACCOUNTS).input).Responses[i].Item.balance.N),
  )
  const sum = balances.reduce((a, b) => a + b, 0)
  if (sum !== ACCOUNTS.length * BALANCE || balances.some(balance => balance < 0))
    throw new Error(`the accounts hold ${balances.join(', ')}`)
}
