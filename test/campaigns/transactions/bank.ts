/** The tables that the transactions work on, and what must hold of them at any time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import { type Api, ApiError } from '../crash/api.ts'

export const ACCOUNTS = 'Accounts'
export const LEDGER = 'Ledger'
export const PAIRS = 'Pairs'
export const ACCOUNT_COUNT = 12
export const PAIR_COUNT = 2
const OPENING = 1000
export const TOTAL = ACCOUNT_COUNT * OPENING

/** Single writes: answered, and cut off. */
export type Touches = { sure: number; unsure: number }

const SETTLE_MS = 30_000
const INDEX = 'ByBranch'

export const S = (text: string): AttributeValue => ({ S: text })
export const N = (number: number): AttributeValue => ({ N: String(number) })
export const accountKey = (i: number): Item => ({ id: S(`account ${i}`) })
/** One of the two items of a pair, of which one at least is on duty. */
export const doctorKey = (pair: number, side: number): Item => ({ id: S(`pair ${pair} ${side}`) })

export async function openBank(api: Api): Promise<void> {
  const tables = [ACCOUNTS, LEDGER, PAIRS]
  for (const TableName of tables) await api('CreateTable', tableOf(TableName))
  for (const TableName of tables) await active(api, TableName)
  for (let i = 0; i < ACCOUNT_COUNT; i++)
    await api('PutItem', { TableName: ACCOUNTS, Item: { ...accountKey(i), balance: N(OPENING), branch: S('b0') } })
  for (let pair = 0; pair < PAIR_COUNT; pair++)
    for (const side of [0, 1])
      await api('PutItem', { TableName: PAIRS, Item: { ...doctorKey(pair, side), duty: S('on') } })
}

async function active(api: Api, TableName: string): Promise<void> {
  for (const end = Date.now() + SETTLE_MS; ; await sleep(20)) {
    const { Table } = (await api('DescribeTable', { TableName })) as unknown as { Table: { TableStatus: string } }
    if (Table.TableStatus === 'ACTIVE') return
    if (Date.now() > end) throw new Error(`${TableName} is ${Table.TableStatus}, still`)
  }
}

function tableOf(TableName: string): object {
  const attribute = (name: string) => ({ AttributeName: name, AttributeType: 'S' })
  const table = {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [attribute('id')],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  }
  if (TableName !== ACCOUNTS) return table
  return {
    ...table,
    AttributeDefinitions: [...table.AttributeDefinitions, attribute('branch')],
    GlobalSecondaryIndexes: [
      {
        IndexName: INDEX,
        KeySchema: [{ AttributeName: 'branch', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  }
}

/** Errors: whatever is not as it must be, or does not become so soon. */
export async function checkBank(api: Api, touches: Touches[]): Promise<void> {
  await checkFree(api)
  const accounts = await all(api, ACCOUNTS)
  const sum = sumOf(accounts)
  if (sum !== TOTAL) throw new Error(`the accounts have ${sum} instead of ${TOTAL}`)
  checkTouches(accounts, touches)
  for (const { id, times } of await all(api, LEDGER))
    if (times!.N !== '1') throw new Error(`${id!.S} was applied ${times!.N} times`)
  checkPairs(await all(api, PAIRS))
  await checkIndex(api)
}

export function sumOf(accounts: Item[]): number {
  return accounts.reduce((sum, { balance }) => sum + Number(balance!.N), 0)
}

function checkTouches(accounts: Item[], touches: Touches[]): void {
  const found = accounts.reduce((sum, account) => sum + Number(account.touches?.N ?? 0), 0)
  const sure = touches.reduce((sum, one) => sum + one.sure, 0)
  const unsure = touches.reduce((sum, one) => sum + one.unsure, 0)
  if (found < sure || found > sure + unsure)
    throw new Error(`${found} touches; ${sure} were answered, ${unsure} were cut off`)
}

function checkPairs(doctors: Item[]): void {
  const on = new Set(doctors.filter(({ duty }) => duty!.S === 'on').map(({ id }) => id!.S!.split(' ')[1]))
  if (on.size < PAIR_COUNT) throw new Error('nobody of a pair is on duty')
}

/** No item is held for long: every one can be written. Errors: one that can't. */
async function checkFree(api: Api): Promise<void> {
  const keys = [
    ...(await all(api, ACCOUNTS)).map(({ id }) => [ACCOUNTS, id!]),
    ...(await all(api, LEDGER)).map(({ id }) => [LEDGER, id!]),
    ...(await all(api, PAIRS)).map(({ id }) => [PAIRS, id!]),
  ] as [string, AttributeValue][]
  for (const [TableName, id] of keys) {
    const update = { TableName, Key: { id }, UpdateExpression: 'REMOVE nothing' }
    for (const end = Date.now() + SETTLE_MS; ; await new Promise(resolve => setTimeout(resolve, 20))) {
      try {
        await api('UpdateItem', update)
        break
      } catch (error) {
        const isHeld = error instanceof ApiError && error.type === 'TransactionConflictException'
        if (!isHeld || Date.now() > end) throw error
      }
    }
  }
}

async function checkIndex(api: Api): Promise<void> {
  const byId = (a: Item, b: Item) => (a.id!.S! < b.id!.S! ? -1 : 1)
  for (const end = Date.now() + SETTLE_MS; ; await new Promise(resolve => setTimeout(resolve, 50))) {
    const rows = (await all(api, ACCOUNTS, INDEX)).sort(byId)
    const items = (await all(api, ACCOUNTS)).sort(byId)
    if (isDeepStrictEqual(rows, items)) return
    if (Date.now() > end) throw new Error('the index differs from its table')
  }
}

export async function all(api: Api, TableName: string, IndexName?: string): Promise<Item[]> {
  const items: Item[] = []
  let ExclusiveStartKey: Item | undefined
  do {
    const ConsistentRead = IndexName === undefined
    const page = (await api('Scan', { TableName, IndexName, ConsistentRead, ExclusiveStartKey })) as unknown as {
      Items: Item[]
      LastEvaluatedKey?: Item
    }
    items.push(...page.Items)
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  return items
}
