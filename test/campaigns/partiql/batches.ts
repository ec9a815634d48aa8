/** Batches of statements beside the single requests that say the same. */
import type { Item } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import { type Verdict, writtenAs } from './check.ts'
import { canonical, expectEqual, type Json, type Send } from './client.ts'
import { inExpression, inStatement } from './conditions.ts'
import { placeholderMembers, placeholders, statementName, writer } from './text.ts'
import type { Twins } from './twins.ts'
import { anyWrite, type WritePair, wherePair } from './writes.ts'

/** @throws Difference */
export async function checkBatch(send: Send, random: Random, twins: Twins): Promise<Verdict> {
  return random.chance(0.5) ? checkReads(send, random, twins) : checkWrites(send, random, twins)
}

async function checkWrites(send: Send, random: Random, twins: Twins): Promise<Verdict> {
  const pairs = random.some(1, 6, () => anyWrite(random, twins))
  const distinct = [...new Map(pairs.map(pair => [keyText(pair.key, twins), pair])).values()]
  const Statements = distinct.map(({ statement }) => ({
    ...statement,
    ReturnValuesOnConditionCheckFailure: random.pick(['ALL_OLD', 'NONE']),
  }))
  const spoken = await send('BatchExecuteStatement', { Statements })
  const expected: Json[] = []
  for (const [i, pair] of distinct.entries()) expected.push(await entryOf(send, twins, pair, Statements[i]!))
  expectEqual('batch', canonical(spoken), canonical({ answer: { Responses: expected } }))
  return 'done'
}

function keyText(item: Item, { key }: Twins): string {
  return JSON.stringify(key.map(({ name }) => item[name]))
}

async function entryOf(send: Send, { spoken }: Twins, pair: WritePair, options: object): Promise<Json> {
  const { ReturnValuesOnConditionCheckFailure } = options as { ReturnValuesOnConditionCheckFailure: string }
  const native = await send(pair.operation, { ...pair.request, ReturnValuesOnConditionCheckFailure })
  const { items, error } = writtenAs(pair, native)
  if (!error) return { TableName: spoken, ...(items!.length > 0 ? { Item: items![0] } : {}) }
  const Code = error.code === 'ValidationException' ? 'ValidationError' : error.code.replace('Exception', '')
  const TableName = Code === 'ValidationError' ? {} : { TableName: spoken }
  return { ...TableName, Error: { Code, Message: error.message, ...(error.item ? { Item: error.item } : {}) } }
}

/** Items by key, where they are as wanted. */
async function checkReads(send: Send, random: Random, twins: Twins): Promise<Verdict> {
  const wheres = random.some(1, 6, () => wherePair(random, twins))
  const distinct = [...new Map(wheres.map(where => [keyText(where.key, twins), where])).values()]
  const Statements = distinct.map(({ terms }) => {
    const w = writer(random)
    const Statement = `SELECT * FROM ${statementName(w, twins.spoken)} WHERE ${inStatement(w, terms)}`
    return { Statement, Parameters: w.parameters.length > 0 ? structuredClone(w.parameters) : undefined }
  })
  const spoken = await send('BatchExecuteStatement', { Statements })
  expectEqual('refusal', spoken.error, undefined)
  for (const [i, { key, condition }] of distinct.entries()) {
    const entry = spoken.answer.Responses[i]
    const got = await send('GetItem', { TableName: twins.native, Key: key })
    const p = placeholders()
    const FilterExpression = condition && inExpression(p, condition)
    const matching = await send('Scan', { TableName: twins.native, FilterExpression, ...placeholderMembers(p) })
    if (got.error || matching.error) expectEqual('entry', entry.Error?.Code, 'ValidationError')
    else {
      const item = matching.answer.Items.find((other: Item) => keyText(other, twins) === keyText(key, twins))
      expectEqual('entry', canonical(entry), canonical({ TableName: twins.spoken, ...(item ? { Item: item } : {}) }))
    }
  }
  return 'found'
}
