/** What the tests of triggers share. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
  type UpdateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda'
import type { ExecutionContext } from 'ava'

export type EventRecord = {
  eventID: string
  eventName: string
  eventSourceARN: string
  userIdentity?: unknown
  dynamodb: { SequenceNumber: string; NewImage?: { n?: { N: string } }; Keys: { pk: { S: string } } }
}

export type Event = {
  Records: EventRecord[]
  window?: { start: string; end: string }
  state?: { sum?: number }
  shardId?: string
  isFinalInvokeForWindow?: boolean
}

const PATIENCE_MS = 90_000

export class Mappings {
  readonly lambda: LambdaClient

  constructor(endpoint: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'secret' }
    this.lambda = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  }

  /** One that goes with the test, once it is enabled. @returns its id */
  async make(t: ExecutionContext, input: CreateEventSourceMappingCommandInput): Promise<string> {
    const command = new CreateEventSourceMappingCommand({ StartingPosition: 'TRIM_HORIZON', ...input })
    const { UUID } = await this.lambda.send(command)
    t.teardown(() => this.lambda.send(new DeleteEventSourceMappingCommand({ UUID })).catch(() => {}))
    await this.reaches(UUID!, 'Enabled')
    return UUID!
  }

  async change(UUID: string, input: Omit<UpdateEventSourceMappingCommandInput, 'UUID'>, state: string): Promise<void> {
    await this.lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...input }))
    await this.reaches(UUID, state)
  }

  async reaches(UUID: string, state: string): Promise<void> {
    await until(async () => (await this.show(UUID)).State === state)
  }

  show(UUID: string) {
    return this.lambda.send(new GetEventSourceMappingCommand({ UUID }))
  }
}

/** Errors: it never happened. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await check()); await sleep(10))
    if (Date.now() > end) throw new Error('it never happened')
}

/** The values of `n` in the new images of an event. */
export function numbersOf({ Records }: Event): number[] {
  return Records.map(({ dynamodb }) => Number(dynamodb.NewImage!.n!.N))
}
