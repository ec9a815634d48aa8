/** BatchExecuteStatement: up to 25 statements on an item each, all reads or all writes, which succeed or fail by themselves. */
import { readUnits } from '../capacity/units.ts'
import { DynamoError, validation } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import type { TableRecord } from '../model/table.ts'
import { type BoundStatement, bindStatement, type Select, type Write } from '../partiql/bind.ts'
import type { Access } from '../telemetry/errors.ts'
import { batchCapacity, DUPLICATE_KEYS } from './item/batch.ts'
import { noUnits } from './item/consumed.ts'
import { spliceList, spliceObject } from './item/splice.ts'
import { type Call, operation } from './operation.ts'
import { returnConsumedCapacity, returnValuesOnConditionCheckFailure } from './shape/common.ts'
import { boolean, type Infer, list, required, structure } from './shape/shape.ts'
import { type PointRead, pointReadOf, viewedItem } from './statement/point.ts'
import { parameters, statement } from './statement/shape.ts'
import { type Consumption, sharesOf } from './statement/shares.ts'
import { performWrite, type TableWrite, writeOf } from './statement/write.ts'
import { knowingTables } from './table/find.ts'

const KEY_MISSING = 'Select statements within BatchExecuteStatement must specify the primary key in the where clause.'

const entryShape = structure(
  {
    Statement: statement,
    Parameters: parameters,
    ConsistentRead: boolean(),
    ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  },
  { name: 'BatchStatementRequest' },
)
type Entry = Infer<typeof entryShape>

/** What an entry is to do: read or write one item. */
type Task = { given: string; bound: Select | Write } & ({ read: PointRead } | { write: TableWrite })

/** `text`: the entry's part of the answer. */
type Answered = { text: string; consumption?: Consumption }

export const batchExecuteStatement = operation({
  name: 'BatchExecuteStatement',
  input: structure({
    ReturnConsumedCapacity: returnConsumedCapacity,
    Statements: required(list(entryShape, { min: 1, max: 25 })),
  }),
  async handle(input, call) {
    const bounds = input.Statements.map(entry => attempt(() => bindStatement(entry.Statement, entry.Parameters)))
    checkMixing(bounds)
    const tasks = await Promise.all(bounds.map((bound, i) => foundTask(call, bound, input.Statements[i]!)))
    checkDistinct(tasks)
    const answers = await Promise.all(tasks.map((task, i) => answerEntry(call, task, input.Statements[i]!, bounds[i]!)))
    const consumptions = answers.flatMap(({ consumption }) => consumption ?? [])
    return spliceObject({
      Responses: spliceList(answers.map(({ text }) => text)),
      ConsumedCapacity: batchCapacity(input.ReturnConsumedCapacity, sharesOf(consumptions)),
    })
  },
})

/** What `work` returns, or the error of the API that it throws: entries fail by themselves. */
function attempt<T>(work: () => T): T | DynamoError {
  try {
    return work()
  } catch (error) {
    return asAnswer(error)
  }
}

function asAnswer(error: unknown): DynamoError {
  if (error instanceof DynamoError) return error
  throw error
}

function foundTask(call: Call, bound: BoundStatement | DynamoError, entry: Entry): Promise<Task | DynamoError> {
  const work = () => (bound instanceof DynamoError ? bound : taskOf(call, bound, entry))
  return knowingTables(call, work).catch(asAnswer)
}

function checkMixing(bounds: (BoundStatement | DynamoError)[]): void {
  const kinds = bounds.flatMap(bound => (bound instanceof DynamoError ? [] : bound.kind === 'select'))
  if (new Set(kinds).size < 2) return
  throw validation('Read and write requests together in the same batch is not supported.')
}

function taskOf(call: Call, bound: BoundStatement, entry: Entry): Task {
  if (bound.kind === 'exists') throw validation('EXISTS is only supported in ExecuteTransaction.')
  const given = bound.target.table
  if (bound.kind !== 'select') {
    const returnOnFailure = entry.ReturnValuesOnConditionCheckFailure === 'ALL_OLD'
    return { given, bound, write: writeOf(call, bound, returnOnFailure) }
  }
  return { given, bound, read: pointReadOf(call, bound, entry.ConsistentRead === true, KEY_MISSING) }
}

function checkDistinct(tasks: (Task | DynamoError)[]): void {
  const keys = tasks.flatMap(task => (task instanceof DynamoError ? [] : keyOf(task)))
  if (new Set(keys).size < keys.length) throw validation(DUPLICATE_KEYS)
}

function keyOf(task: Task): string {
  const { table, key } = 'read' in task ? task.read : { table: task.write.table, key: task.write.command.key }
  return `${table.id} ${key.toString('latin1')}`
}

async function answerEntry(
  call: Call,
  task: Task | DynamoError,
  entry: Entry,
  bound: BoundStatement | DynamoError,
): Promise<Answered> {
  const table = bound instanceof DynamoError ? undefined : bound.target.table
  if (task instanceof DynamoError) return { text: failure(task, table) }
  try {
    return await perform(call, task, entry.ConsistentRead === true)
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error
    call.meter.refusedPart(...refusedItem(task), error.code)
    return { text: failure(error, table) }
  }
}

function refusedItem(task: Task): [TableRecord, Access] {
  return 'read' in task ? [task.read.table, 'read'] : [task.write.table, 'write']
}

async function perform(call: Call, task: Task, consistent: boolean): Promise<Answered> {
  const { given } = task
  if ('write' in task) {
    const { table } = task.write
    const { attributes, units } = await performWrite(call, task.bound as Write, task.write)
    return { text: success(table.name, attributes), consumption: { given, table, units } }
  }
  const { table, key, view } = task.read
  const image = await call.cluster.items.get(table, key, consistent)
  const units = { ...noUnits(), table: readUnits(image?.size ?? 0, consistent) }
  call.meter.consumedRead(table, units)
  return { text: success(table.name, viewedItem(view, image)), consumption: { given, table, units } }
}

function success(table: string, item: string | undefined): string {
  return spliceObject({ TableName: JSON.stringify(table), Item: item }).text
}

/** The codes of entries, where they are not the errors' own without `Exception`. */
const CODES: Record<string, string> = { ValidationException: 'ValidationError', ThrottlingException: 'ThrottlingError' }

function failure(error: DynamoError, table: string | undefined): string {
  const Code = CODES[error.code] ?? error.code.replace(/Exception$/, '')
  const Item = error.members?.Item as Item | undefined
  return JSON.stringify({
    TableName: Code === 'ValidationError' ? undefined : table,
    Error: { Code, Message: error.message, Item },
  })
}
