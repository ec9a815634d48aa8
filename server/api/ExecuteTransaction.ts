/** ExecuteTransaction: up to 100 statements on an item each, all reads or all writes and checks, done as one or not at all. */
import { createHash } from 'node:crypto'
import { readUnits } from '../capacity/units.ts'
import type { TransactAction, TransactToken } from '../cluster/cluster.ts'
import { rowKey } from '../codec/key.ts'
import { conditionPaths } from '../expression/paths.ts'
import { validation } from '../model/errors.ts'
import { sizeOf } from '../model/size.ts'
import type { TableRecord } from '../model/table.ts'
import { type BoundStatement, bindStatement, type Exists, type Select, type Write } from '../partiql/bind.ts'
import { planItem } from '../partiql/plan.ts'
import type { WriteOutcome } from '../partition/command.ts'
import { batchCapacity } from './item/batch.ts'
import { noUnits, type Units } from './item/consumed.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { spliceList, spliceObject } from './item/splice.ts'
import { type Call, type JsonText, operation } from './operation.ts'
import { returnConsumedCapacity, returnValuesOnConditionCheckFailure } from './shape/common.ts'
import { type Infer, list, required, string, structure } from './shape/shape.ts'
import { inStatements } from './statement/cancellation.ts'
import { pointReadOf, viewedItem } from './statement/point.ts'
import { parameters, statement } from './statement/shape.ts'
import { sharesOf } from './statement/shares.ts'
import { existingItem, writeOf } from './statement/write.ts'
import { findForData } from './table/find.ts'

/** Bytes of all statements and their parameters. */
const MAX_SIZE = 4 * 1024 * 1024
const KEY_MISSING = 'Select statements within ExecuteTransaction must specify the primary key in the where clause.'

const entryShape = structure(
  {
    Statement: statement,
    Parameters: parameters,
    ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  },
  { name: 'ParameterizedStatement' },
)
type Entry = Infer<typeof entryShape>

const shape = structure({
  ReturnConsumedCapacity: returnConsumedCapacity,
  TransactStatements: required(list(entryShape, { min: 1, max: 100 })),
  ClientRequestToken: string({ min: 1, max: 36 }),
})
type Input = Infer<typeof shape>

export const executeTransaction = operation({
  name: 'ExecuteTransaction',
  input: shape,
  async handle(input, call) {
    const bounds = input.TransactStatements.map(entry => bindStatement(entry.Statement, entry.Parameters))
    for (const [i, bound] of bounds.entries()) checkStatement(bound, i)
    const reads = bounds.filter(bound => bound.kind === 'select')
    if (reads.length > 0 && reads.length < bounds.length) {
      throw validation('ExecuteTransaction API does not support both read and write operations in the same request.')
    }
    if (input.TransactStatements.reduce((sum, entry) => sum + entrySize(entry), 0) > MAX_SIZE) {
      throw validation('Transaction request exceeds 4MB')
    }
    try {
      return await (reads.length > 0 ? readAll(call, reads, input) : writeAll(call, bounds, input))
    } catch (error) {
      throw inStatements(error, bounds)
    }
  },
})

function checkStatement(bound: BoundStatement, number: number): void {
  const refuse = (text: string) => validation(`Validation failed in TransactStatements[${number}]: ${text}`)
  if ('returning' in bound && bound.returning !== undefined) {
    throw refuse('RETURNING clause is not supported in ExecuteTransaction.')
  }
  if (bound.target.index !== undefined) throw refuse('Reads on indices are not supported within transactions.')
}

function entrySize({ Statement, Parameters = [] }: Entry): number {
  return Parameters.reduce((sum, value) => sum + sizeOf(value), Buffer.byteLength(Statement))
}

async function readAll(call: Call, selects: Select[], input: Input): Promise<JsonText> {
  const reads = selects.map(select => pointReadOf(call, select, true, KEY_MISSING))
  checkDistinct(reads)
  const images = await call.cluster.transactions.read(reads.map(({ table, key }) => ({ table, key })))
  const consumed = images.map(image => ({ ...noUnits(), table: 2 * readUnits(image?.size ?? 0, true) }))
  return answer(
    input,
    reads.map(({ view }, i) => viewedItem(view, images[i])),
    tableUnits(selects, reads, consumed),
  )
}

async function writeAll(call: Call, bounds: BoundStatement[], input: Input): Promise<JsonText> {
  const actions = bounds.map((bound, i) => actionOf(call, bound as Write | Exists, input.TransactStatements[i]!))
  checkDistinct(actions.map(({ table, command }) => ({ table, key: command.key })))
  const { outcomes } = await call.cluster.transactions.write(actions, tokenOf(input))
  return answer(
    input,
    bounds.map(() => undefined),
    tableUnits(bounds, actions, outcomes.map(transactUnits)),
  )
}

function actionOf(call: Call, bound: Write | Exists, entry: Entry): TransactAction {
  const returnOnFailure = entry.ReturnValuesOnConditionCheckFailure === 'ALL_OLD'
  return bound.kind === 'exists' ? checkOf(call, bound, returnOnFailure) : writeOf(call, bound, returnOnFailure)
}

/** EXISTS: the item is there, and as the statement says. */
function checkOf(call: Call, { target, where }: Exists, returnOnFailure: boolean): TransactAction {
  const table = findForData(call, target.table)
  const schema = tableSchema(table)
  const { key, condition } = existingItem(schema, where)
  checkPaths(schema, conditionPaths(condition))
  if (planItem(where, schema.key)?.rest === undefined) {
    throw validation('EXISTS must have a condition besides the primary key in the where clause.')
  }
  return { table, command: { kind: 'check', key: rowKey(schema.key, key), keyItem: key, condition, returnOnFailure } }
}

function checkDistinct(items: { table: TableRecord; key: Buffer }[]): void {
  const keys = new Set(items.map(({ table, key }) => `${table.id} ${key.toString('latin1')}`))
  if (keys.size < items.length) throw validation('Transaction request cannot include multiple operations on one item')
}

/** What may differ between a request and its repetition is left out. */
function tokenOf({ ClientRequestToken, TransactStatements }: Input): TransactToken | undefined {
  if (ClientRequestToken === undefined) return undefined
  const request = createHash('sha256').update(JSON.stringify(TransactStatements)).digest('base64')
  return { token: ClientRequestToken, request }
}

/** A transaction costs twice on the table, and no more than ever on the indexes. */
function transactUnits({ units }: WriteOutcome): Units {
  return { table: 2 * units.table, indexes: units.indexes }
}

function tableUnits(bounds: BoundStatement[], items: { table: TableRecord }[], consumed: Units[]) {
  return bounds.map(({ target }, i) => ({ given: target.table, table: items[i]!.table, units: consumed[i]! }))
}

function answer(input: Input, items: (string | undefined)[], consumptions: Parameters<typeof sharesOf>[0]): JsonText {
  return spliceObject({
    Responses: spliceList(items.map(item => spliceObject({ Item: item }).text)),
    ConsumedCapacity: batchCapacity(input.ReturnConsumedCapacity, sharesOf(consumptions)),
  })
}
