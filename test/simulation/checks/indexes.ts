/** Indexes hold exactly what the table says. */
import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../../server/model/item.ts'
import { INDEX, LATE_INDEX, LOCAL_INDEX, TABLE } from '../requests.ts'
import type { Looking } from './checks.ts'

/** All items of the table, or of an index. */
export function scan({ ask }: Looking, IndexName?: string): Item[] {
  const items: Item[] = []
  for (let ExclusiveStartKey: object | undefined; ; ) {
    const consistent = IndexName === undefined || IndexName === LOCAL_INDEX ? { ConsistentRead: true } : {}
    const page = ask('Scan', { TableName: TABLE, IndexName, ExclusiveStartKey, Limit: 50, ...consistent })
    items.push(...page.Items)
    if (!page.LastEvaluatedKey) return items
    ExclusiveStartKey = page.LastEvaluatedKey
  }
}

const byText = (items: Item[]) => items.map(item => JSON.stringify(sorted(item))).sort()

function sorted(item: Item): Item {
  return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Global indexes are fed in the background: they may take a moment. Errors: that one is, or stays, another. */
export function checkIndexes(looking: Looking): void {
  const describe = () => looking.ask('DescribeTable', { TableName: TABLE }).Table
  const isActive = ({ IndexStatus }: Item) => (IndexStatus as unknown) === 'ACTIVE'
  // The metadata says so, and the server hears of it.
  looking.wait('the server knows that all indexes are active', () =>
    (describe().GlobalSecondaryIndexes ?? []).every(isActive),
  )
  const Table = describe()
  const names: string[] = [...(Table.LocalSecondaryIndexes ?? []), ...(Table.GlobalSecondaryIndexes ?? [])].map(
    ({ IndexName }) => IndexName,
  )
  for (const name of names) {
    let found: string[] = []
    let wanted: string[] = []
    const isSame = () => {
      wanted = byText(
        scan(looking)
          .map(item => rowOf(name, item))
          .filter(row => row !== undefined),
      )
      found = byText(scan(looking, name))
      return isDeepStrictEqual(found, wanted)
    }
    try {
      looking.wait(`the index ${name} holds what the table says`, isSame)
    } catch (error) {
      const missing = wanted.filter(row => !found.includes(row))
      const extra = found.filter(row => !wanted.includes(row))
      throw new Error(`${(error as Error).message}; missing: ${missing.join()}; too much: ${extra.join()}`)
    }
  }
}

function rowOf(index: string, item: Item): Item | undefined {
  if (index === LOCAL_INDEX) return item.rank ? item : undefined
  if (!item.owner) return undefined
  if (index === INDEX) return item
  if (index !== LATE_INDEX) throw new Error(`there is an index ${index}`)
  return { p: item.p!, s: item.s!, owner: item.owner } as Item
}
