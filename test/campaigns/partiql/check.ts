/** Runs what was said twice, and compares what comes of it. */
import type { Item } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import {
  answerOf,
  canonical,
  Difference,
  expectEqual,
  inStatementWords,
  type Json,
  type Outcome,
  type Refusal,
  type Send,
  sorted,
} from './client.ts'
import { compareKeys, type SelectPair } from './selects.ts'
import type { Path } from './text.ts'
import type { Twins } from './twins.ts'
import type { WritePair } from './writes.ts'

const REPORT = { ReturnConsumedCapacity: 'INDEXES' }

/** What became of a pair: `done`, or the code of the refusal. */
export type Verdict = string

/** @throws Difference */
export async function checkWrite(send: Send, random: Random, pair: WritePair): Promise<Verdict> {
  const more = { ...REPORT, ReturnValuesOnConditionCheckFailure: random.pick(['ALL_OLD', 'NONE']) }
  const native = await send(pair.operation, { ...pair.request, ...more })
  const spoken = await send('ExecuteStatement', { ...pair.statement, ...more })
  const expected = writtenAs(pair, native)
  expectEqual('refusal', canonical(spoken.error), canonical(expected.error))
  if (expected.error !== undefined) return expected.error.code
  expectEqual('items', canonical(spoken.answer.Items), canonical(expected.items))
  expectEqual('capacity', capacityOf(spoken.answer), capacityOf(native.answer))
  return 'done'
}

/** What a statement makes of the outcome of the request that says the same. */
export function writtenAs({ operation }: WritePair, native: Outcome): { items?: Json[]; error?: Refusal } {
  const { answer, error } = native
  if (!error) return { items: answer.Attributes ? [answer.Attributes] : [] }
  if (operation === 'PutItem' && error.code === 'ConditionalCheckFailedException') {
    return {
      error: { code: 'DuplicateItemException', message: 'Duplicate primary key exists in table', item: undefined },
    }
  }
  return { error: inStatementWords(error) }
}

function capacityOf({ ConsumedCapacity: { TableName, ...units } }: Json): Json {
  return units
}

/** @throws Difference */
export async function checkSelect(send: Send, random: Random, twins: Twins, pair: SelectPair): Promise<Verdict> {
  const Limit = random.chance(0.5) ? random.between(1, 4) : undefined
  const consistent = random.chance(0.3) && pair.index?.kind !== 'GLOBAL' ? { ConsistentRead: true } : {}
  const natives = []
  for (const { operation, request } of pair.requests) {
    const pages = await readPages(
      send,
      operation,
      { ...request, ...consistent, ...REPORT },
      singly(pair) ? Limit : undefined,
    )
    natives.push(pages)
  }
  const spoken = await readPages(send, 'ExecuteStatement', { ...pair.statement, ...consistent, ...REPORT }, Limit)
  const errors = natives.flatMap(({ error }) => error ?? [])
  // One of several keys may be unfit, which is told first.
  const first = errors.find(({ message }) => /parameter type|parameter values are not/.test(message)) ?? errors[0]
  const refusal = expectedRefusal(pair, first)
  if (refusal !== undefined) {
    if (!spoken.error) throw new Difference(`not refused: ${JSON.stringify(refusal)}`)
    // Of several attributes that an index lacks, the order is not what matters.
    const start = refusal.message.slice(0, refusal.message.indexOf('[') + 1) || refusal.message
    expectEqual(
      'refusal',
      { ...spoken.error, message: spoken.error.message.slice(0, start.length) },
      { ...refusal, message: start },
    )
    return refusal.code
  }
  expectEqual('refusal', spoken.error, undefined)
  const rows = natives.flatMap(({ pages }) => pages.flatMap(({ Items }) => Items))
  const expected = ordered(rows, pair).map(row => project(pair.paths, row))
  const actual = spoken.pages.flatMap(({ Items }) => Items)
  if (pair.shape !== 'none' || pair.scanned) expectEqual('items', canonical(actual), canonical(expected))
  else expectEqual('items in any order', sorted(actual), sorted(expected))
  comparePages(
    pair,
    spoken.pages,
    natives.map(({ pages }) => pages),
    Limit,
  )
  if (pair.key !== undefined) await compareWithGet(send, twins, pair.key, consistent, spoken.pages)
  return rows.length > 0 ? 'found' : 'nothing'
}

/** Whether one native request says it all, page by page. */
function singly({ requests, alone }: SelectPair): boolean {
  return requests.length === 1 && !alone
}

type Pages = { pages: Json[]; error: Refusal | undefined }

async function readPages(send: Send, operation: string, request: object, Limit: number | undefined): Promise<Pages> {
  const pages: Json[] = []
  let position = {}
  do {
    const { answer, error } = await send(operation, { ...request, ...position, Limit })
    if (error) return { pages, error }
    pages.push(answer)
    const { LastEvaluatedKey, NextToken } = answer
    if (operation === 'ExecuteStatement') position = { NextToken }
    else position = { ExclusiveStartKey: LastEvaluatedKey }
    if (Limit !== undefined && answer.Items.length > Limit) throw new Difference('more items than the limit')
    if (operation === 'ExecuteStatement' && (LastEvaluatedKey === undefined) !== (NextToken === undefined)) {
      throw new Difference('NextToken and LastEvaluatedKey do not go together')
    }
  } while (pages.at(-1).LastEvaluatedKey !== undefined)
  return { pages, error: undefined }
}

/** A scan of an index may filter by what its rows do not have; a statement may not. */
function expectedRefusal({ index, shape, tested }: SelectPair, native: Refusal | undefined): Refusal | undefined {
  const refusal = native && inStatementWords(native)
  if (shape !== 'none' || index?.carried === undefined) return refusal
  if (refusal !== undefined && !refusal.message.startsWith('Global secondary index')) return refusal
  const carried = new Set(['pk', 'sk', ...index.carried, ...index.key.map(({ name }) => name)])
  if (tested.every(name => carried.has(name))) return refusal
  const message = `Secondary index ${index.name} does not project one or more filter attributes: [`
  return { code: 'ValidationException', message, item: undefined }
}

function ordered(rows: Item[], { order }: SelectPair): Item[] {
  if (order.length === 0) return rows
  return [...rows].sort((a, b) => {
    for (const { attribute, descending } of order) {
      const difference = compareKeys(a[attribute]!, b[attribute]!)
      if (difference !== 0) return descending ? -difference : difference
    }
    return 0
  })
}

/** The values at the paths, by last name and what follows it. */
function project(paths: Path[] | undefined, item: Item): Item {
  if (paths === undefined) return item
  const result: Item = {}
  for (const path of paths) {
    let value: Json = item[path[0]]
    for (const step of path.slice(1)) value = typeof step === 'number' ? value?.L?.[step] : value?.M?.[step]
    const name = path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : step), '')
    if (value !== undefined) result[name] = value
  }
  return result
}

/** Page by page where one request says it all; otherwise what all of it costs. */
function comparePages(pair: SelectPair, spoken: Json[], natives: Json[][], Limit: number | undefined): void {
  if (pair.shape === 'none' && !pair.scanned) return
  if (singly(pair)) {
    const shown = ({ Items, LastEvaluatedKey, ...page }: Json) => [Items.length, LastEvaluatedKey, capacityOf(page)]
    expectEqual('pages', spoken.map(shown), natives[0]!.map(shown))
  } else if (Limit === undefined) {
    const units = (pages: Json[]) => pages.reduce((sum, page) => sum + page.ConsumedCapacity.CapacityUnits, 0)
    expectEqual('capacity', units(spoken), units(natives.flat()))
  }
}

async function compareWithGet(
  send: Send,
  { native }: Twins,
  Key: Item,
  consistent: object,
  pages: Json[],
): Promise<void> {
  const answer = await answerOf(send, 'GetItem', { TableName: native, Key, ...consistent, ...REPORT })
  expectEqual('pages of an item', pages.length, 1)
  expectEqual('capacity of an item', capacityOf(pages[0]), capacityOf(answer))
}
