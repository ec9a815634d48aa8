/** The few calls that the campaign makes, without retries: a call either answers, or was cut off by the kill. */
import type { AttributeValue, Item } from '../../../server/model/item.ts'

export const TABLE = 'Crash'
export const COUNTER = { pk: { S: 'counter' }, sk: { N: '0' } }

/** The connection went away: whether the write took is not known. */
export class CutOff extends Error {}

export class ApiError extends Error {
  readonly type: string
  constructor(body: { __type: string; message?: string }) {
    super(`${body.__type}: ${body.message}`)
    this.type = body.__type.split('#')[1]!
  }
}

export type Api = (operation: string, input: object) => Promise<Record<string, never>>

/** Operations of the service of streams. */
const STREAMS = ['ListStreams', 'DescribeStream', 'GetShardIterator', 'GetRecords']

export const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=crash/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
}

/** Errors: CutOff; ApiError for whatever the server refuses. */
export function apiOf(endpoint: string): Api {
  return async (operation, input) => {
    const service = STREAMS.includes(operation) ? 'DynamoDBStreams_20120810' : 'DynamoDB_20120810'
    const headers = { ...HEADERS, 'x-amz-target': `${service}.${operation}` }
    let status: number
    let text: string
    try {
      const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(input) })
      status = response.status
      text = await response.text()
    } catch (error) {
      throw new CutOff((error as Error).message)
    }
    if (status !== 200) throw new ApiError(JSON.parse(text))
    return JSON.parse(text)
  }
}

/** All rows of the table or an index. */
export async function scanAll(api: Api, index?: string): Promise<Item[]> {
  const items: Item[] = []
  let start: Record<string, AttributeValue> | undefined
  do {
    const page = (await api('Scan', {
      TableName: TABLE,
      IndexName: index,
      ConsistentRead: index === undefined || index === 'Local',
      ExclusiveStartKey: start,
    })) as unknown as { Items: Item[]; LastEvaluatedKey?: Item }
    items.push(...page.Items)
    start = page.LastEvaluatedKey
  } while (start)
  return items
}
