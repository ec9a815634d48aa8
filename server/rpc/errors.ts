/** Errors cross as what they are; what is nobody's but the other process's own comes as a RemoteError. */
import { LogUnavailable } from '../log/log.ts'
import { DynamoError } from '../model/errors.ts'
import { Interrupted, NotLeading } from '../replica/pipeline.ts'
import type { FrameReader, FrameWriter } from './frames.ts'

/** Something is wrong in the other process, or between it and this one, that is no answer to what was asked. */
export class RemoteError extends Error {
  override name = 'RemoteError'
}

type Sent =
  | ({ kind: 'dynamo' } & Pick<DynamoError, 'type' | 'code' | 'message' | 'members' | 'status' | 'consumed'>)
  | { kind: 'notLeading' | 'interrupted'; message: string; leader: string | undefined }
  | { kind: 'logUnavailable'; message: string }
  | { kind: 'internal'; name: string; message: string }

export function writeError(out: FrameWriter, error: unknown): void {
  out.json(sentOf(error))
}

export function readError(fields: FrameReader): Error {
  const sent = fields.json<Sent>()
  switch (sent.kind) {
    case 'dynamo':
      return dynamoError(sent)
    case 'notLeading':
      return new NotLeading(sent.message, sent.leader)
    case 'interrupted':
      return new Interrupted(sent.message, sent.leader)
    case 'logUnavailable':
      return new LogUnavailable(sent.message)
    default:
      return new RemoteError(`${sent.name}: ${sent.message}`)
  }
}

/** Whether the error is an answer, such as clients and other partitions get; anything else is a defect, or trouble. */
export function isAnswer(error: unknown): boolean {
  return error instanceof DynamoError || error instanceof NotLeading || error instanceof LogUnavailable
}

function sentOf(error: unknown): Sent {
  if (error instanceof DynamoError) {
    const { type, code, message, members, status, consumed } = error
    return { kind: 'dynamo', type, code, message, members, status, consumed }
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof NotLeading) {
    const kind = error instanceof Interrupted ? 'interrupted' : 'notLeading'
    return { kind, message, leader: error.leader }
  }
  return error instanceof LogUnavailable ? { kind: 'logUnavailable', message } : { kind: 'internal', name, message }
}

function dynamoError({ type, code, message, members, status, consumed }: Sent & { kind: 'dynamo' }): DynamoError {
  const error = new DynamoError(type.slice(0, type.length - code.length), code, message, members, status)
  error.consumed = consumed
  return error
}
