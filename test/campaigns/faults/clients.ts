/** The SDK's clients as programs would have them, one for each server, and the requests that the campaigns' other parts make by them. */
import { DynamoDB, DynamoDBServiceException } from '@aws-sdk/client-dynamodb'
import { type Api, ApiError, CutOff } from '../crash/api.ts'
import type { Tally } from './tally.ts'

/** The SDK waits for ever if it is not told. */
const TIMEOUTS = { requestTimeout: 20_000, connectionTimeout: 3000 }
const OPTIONS = { region: 'us-east-1', credentials: { accessKeyId: 'faults', secretAccessKey: 'faults' } }

export type Client = {
  /** The server's name. */
  server: string
  dynamodb: DynamoDB
  /** Asks once: for what must not be repeated, as nothing tells how often it happened. */
  once: DynamoDB
}

export function clientOf(server: string, endpoint: string): Client {
  const options = { ...OPTIONS, endpoint, requestHandler: TIMEOUTS }
  return { server, dynamodb: new DynamoDB(options), once: new DynamoDB({ ...options, maxAttempts: 1 }) }
}

export function closeClient({ dynamodb, once }: Client): void {
  dynamodb.destroy()
  once.destroy()
}

/** Whether an answer tells that the service failed, not that it refused. */
export function isFailure(error: Error): boolean {
  const refused = error instanceof DynamoDBServiceException && error.$fault === 'client'
  return !refused || /Throttl|Exceeded/.test(error.name)
}

/** For tellers (transactions/teller.ts): what fails is cut off. Errors: as theirs. */
export function apiBy({ server, dynamodb, once }: Client, tally: Tally): Api {
  return async (operation, input) => {
    // A transaction has a token, so that it may be repeated; reads may be; single updates may not.
    const isOnce = operation === 'UpdateItem'
    const db = (isOnce ? once : dynamodb) as unknown as Record<string, (input: object) => never>
    const name = operation[0]!.toLowerCase() + operation.slice(1)
    try {
      return await tally.count(isOnce ? `${server}, asked once` : server, async () => db[name]!(input), isFailure)
    } catch (error) {
      if (isFailure(error as Error)) throw new CutOff((error as Error).message)
      const { name, message } = error as Error
      throw new ApiError({ __type: `#${name}`, message })
    }
  }
}
