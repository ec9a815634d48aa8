/**
 * Items as registers and counters, asked through the SDK with its own retries. Every attempt is an operation of the history:
 * one that was cut off may have taken effect, or may yet, also when the next one was answered.
 */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  type GetItemCommandOutput,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Item } from '../../../server/model/item.ts'
import type { Op, Operation, Recorder, Result, Value } from '../../linearizability/history.ts'
import { TABLE } from '../crash/api.ts'
import { keyOf } from './table.ts'

type Command = GetItemCommand | PutItemCommand | DeleteItemCommand | UpdateItemCommand
type Ended = { response: unknown; output: GetItemCommandOutput } & { output?: Answer }
type Answer = { Item?: Item; Attributes?: Item }

const CATEGORIES = 7

/** Calls `lost` for each attempt of which nobody knows. @returns the last one. Errors: those of the SDK when they are used up. */
export async function perform(
  dynamodb: DynamoDBClient,
  recorder: Recorder,
  client: number,
  pk: string,
  op: Op,
  lost: () => void = () => {},
): Promise<Operation> {
  let last: Operation | undefined
  const command = commandOf(pk, op)
  const attempt = async <T extends { output?: Answer }>(ask: () => Promise<T>): Promise<T> => {
    const ends: { answer?: T; error?: Error } = {}
    last = await recorder.record(client, pk, op, async () => {
      try {
        ends.answer = await ask()
        return resultOf(op, ends.answer.output!)
      } catch (error) {
        ends.error = error as Error
        return refusalOf(ends.error)
      }
    })
    if (!last.result) lost()
    if (ends.error) throw ends.error
    return ends.answer!
  }
  const stack = command.middlewareStack as GetItemCommand['middlewareStack']
  // Within the retries, and around what makes errors of answers.
  stack.add(next => args => attempt(async () => next(args) as Promise<Ended>), {
    step: 'deserialize',
    priority: 'high',
    name: 'attempt',
  })
  await dynamodb.send(command as GetItemCommand).catch(error => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  })
  return last!
}

function commandOf(pk: string, op: Op): Command {
  const place = { TableName: TABLE, Key: keyOf(pk) }
  if (op.kind === 'get') return new GetItemCommand({ ...place, ConsistentRead: true })
  if (op.kind === 'delete') return new DeleteItemCommand(place)
  if (op.kind === 'add') {
    return new UpdateItemCommand({
      ...place,
      UpdateExpression: 'SET category = :counters ADD amount :by',
      ExpressionAttributeValues: { ':counters': { S: 'counters' }, ':by': { N: `${op.by}` } },
      ReturnValues: 'ALL_NEW',
    })
  }
  const value = op.value as string
  const put = { TableName: TABLE, Item: { ...keyOf(pk), value: { S: value }, category: { S: categoryOf(value) } } }
  if (op.kind === 'put') return new PutItemCommand(put)
  const condition =
    op.expected === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: '#value = :expected',
          ExpressionAttributeNames: { '#value': 'value' },
          ExpressionAttributeValues: { ':expected': { S: op.expected as string } },
        }
  return new PutItemCommand({ ...put, ...condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })
}

function resultOf(op: Op, { Item, Attributes }: Answer): Result {
  if (op.kind === 'get') return { kind: 'value', value: registerOf(Item) }
  if (op.kind === 'add') return { kind: 'value', value: registerOf(Attributes) }
  return { kind: 'done' }
}

/** Undefined if nobody knows what has happened. */
function refusalOf(error: Error): Result | undefined {
  if (!(error instanceof ConditionalCheckFailedException)) return undefined
  return { kind: 'refused', found: { value: registerOf(error.Item as Item | undefined) } }
}

export function registerOf(item: Item | undefined): Value {
  return item?.amount?.N === undefined ? item?.value?.S : Number(item.amount.N)
}

function categoryOf(value: string): string {
  return `category ${Number(value.replace(/\D/g, '')) % CATEGORIES}`
}
