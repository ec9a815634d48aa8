/** ExecuteTransaction: up to 100 statements on an item each, all reads or all writes and checks, done as one or not at all. */
import { readUnits } from '../capacity/units.ts'
import type { TransactAction, TransactToken } from '../cluster/cluster.ts'
import { rowKey } from '../codec/key.ts'
import { conditionPaths } from '../expression/paths.ts'
import { validation } from '../model/errors.ts'
import { sizeOf } from '../model/size.ts'
import { type BoundStatement, bindStatement, type Exists, type Select, type Write } from '../partiql/bind.ts'
import { planItem } from '../partiql/plan.ts'
import { noUnits } from './item/consumed.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { spliceList, spliceObject } from './item/splice.ts'
import { type Call, type JsonText, operation } from './operation.ts'
import { returnConsumedCapacity, returnValuesOnConditionCheckFailure } from './shape/common.ts'
import { type Infer, list, required, string, structure } from './shape/shape.ts'
import { inStatements } from './statement/cancellation.ts'
import { pointReadOf, viewedItem } from './statement/point.ts'
import { parameters, statement } from './statement/shape.ts'
import { existingItem, writeOf } from './statement/write.ts'
import { findForData } from './table/find.ts'
import { checkAction, checkBytes, checkDistinct, MAX_ACTIONS } from './transact/check.ts'
import { fingerprint } from './transact/fingerprint.ts'
import { readAll, writeAll } from './transact/perform.ts'
import { transactCapacity } from './transact/report.ts'

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
  TransactStatements: required(list(entryShape, { min: 1, max: MAX_ACTIONS })),
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
    checkBytes(input.TransactStatements.reduce((sum, entry) => sum + entrySize(entry), 0))
    try {
      return await (reads.length > 0
        ? answerReads(call, reads, input)
        : answerWrites(call, bounds as (Write | Exists)[], input))
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

async function answerReads(call: Call, selects: Select[], input: Input): Promise<JsonText> {
  const count = selects.length
  const reads = selects.map((select, i) => checkAction(i, count, () => pointReadOf(call, select, true, KEY_MISSING)))
  checkDistinct(reads)
  const images = await readAll(
    call,
    reads.map(({ table, key }) => ({ table, key })),
  )
  checkBytes(images.reduce((sum, image) => sum + (image?.size ?? 0), 0))
  const shares = images.map((image, i) => {
    const units = { ...noUnits(), table: readUnits(image?.size ?? 0, true) }
    return { given: selects[i]!.target.table, table: reads[i]!.table, units }
  })
  return answer(
    reads.map(({ view }, i) => viewedItem(view, images[i])),
    transactCapacity(call, input.ReturnConsumedCapacity, shares, 'Read'),
  )
}

async function answerWrites(call: Call, bounds: (Write | Exists)[], input: Input): Promise<JsonText> {
  const actions = bounds.map((bound, i) =>
    checkAction(i, bounds.length, () => actionOf(call, bound, input.TransactStatements[i]!)),
  )
  checkDistinct(actions.map(({ table, command }) => ({ table, key: command.key })))
  const { outcomes, replayed } = await writeAll(call, actions, tokenOf(input))
  const shares = outcomes.map(({ units }, i) => ({ given: bounds[i]!.target.table, table: actions[i]!.table, units }))
  return answer(
    bounds.map(() => undefined),
    transactCapacity(call, input.ReturnConsumedCapacity, shares, replayed ? 'Read' : 'Write'),
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

function tokenOf({ ClientRequestToken, TransactStatements }: Input): TransactToken | undefined {
  if (ClientRequestToken === undefined) return undefined
  return { token: ClientRequestToken, request: fingerprint(TransactStatements) }
}

function answer(items: (string | undefined)[], capacity: string | undefined): JsonText {
  return spliceObject({
    Responses: spliceList(items.map(item => spliceObject({ Item: item }).text)),
    ConsumedCapacity: capacity,
  })
}
