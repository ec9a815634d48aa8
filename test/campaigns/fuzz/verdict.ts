/** What an answer may be, whatever was asked. */
import { crc32, gunzipSync, inflateSync } from 'node:zlib'
import type { Reply } from './connection.ts'
import type { Expected, Sent } from './wire.ts'

/** All that these operations refuse with. Another code is a defect, of the server or of this list. */
const ERROR_TYPES = new Set([
  ...[
    'ResourceNotFoundException',
    'ResourceInUseException',
    'LimitExceededException',
    'ConditionalCheckFailedException',
    'DuplicateItemException',
    'TransactionCanceledException',
    'TransactionConflictException',
    'TransactionInProgressException',
    'IdempotentParameterMismatchException',
    'ProvisionedThroughputExceededException',
    'ThrottlingException',
    'ItemCollectionSizeLimitExceededException',
    'TableNotFoundException',
    'PolicyNotFoundException',
    'GlobalTableNotFoundException',
    'ExpiredIteratorException',
    'TrimmedDataAccessException',
    'TableAlreadyExistsException',
    'TableInUseException',
    'BackupNotFoundException',
    'BackupInUseException',
    'ContinuousBackupsUnavailableException',
    'PointInTimeRecoveryUnavailableException',
    'InvalidRestoreTimeException',
    'InvalidExportTimeException',
    'ExportNotFoundException',
    'ExportConflictException',
    'ImportNotFoundException',
    'ImportConflictException',
  ].map(code => `com.amazonaws.dynamodb.v20120810#${code}`),
  'com.amazon.coral.validate#ValidationException',
  ...[
    'SerializationException',
    'UnknownOperationException',
    'MissingAuthenticationTokenException',
    'IncompleteSignatureException',
    'InvalidSignatureException',
    'UnrecognizedClientException',
    'AccessDeniedException',
    'RequestEntityTooLargeException',
  ].map(code => `com.amazon.coral.service#${code}`),
  'com.amazon.coral.availability#ThrottlingException',
])

/** Operations whose success has no body. */
const SILENT = new Set(['TagResource', 'UntagResource'])

/** How Node itself refuses what is hardly HTTP: without a body, before the API has seen it. */
const UNSEEN_STATUSES = new Set([400, 404, 408, 417, 431])

/** Bodies of answers outside of the API. */
const PLAIN = ['', '<UnknownOperationException/>\n', 'healthy: dynamodb.us-east-1.amazonaws.com ']

/** @returns what the answer says: `200`, or the code of the error */
export function judge(reply: Reply, kind: Sent['kind'], expected: Expected | undefined): string {
  if (reply.status >= 500) fail(`status ${reply.status}`, reply)
  if (!reply.headers.has('x-amzn-requestid')) return judgeUnseen(reply, kind)
  if (reply.head) return 'HEAD'
  if (reply.headers.get('x-amz-crc32') !== String(crc32(reply.body))) fail('x-amz-crc32 is not that of the body', reply)
  const text = decoded(reply)
  if (reply.headers.get('content-type') === 'text/plain') {
    if (kind === 'api' || !PLAIN.includes(text)) fail('an answer that is not for API requests', reply)
    return 'plain'
  }
  return reply.status === 200 ? judgeSuccess(reply, text, expected) : judgeError(reply, text)
}

function judgeUnseen(reply: Reply, kind: Sent['kind']): string {
  if (kind === 'api' || !UNSEEN_STATUSES.has(reply.status) || reply.body.length > 0) fail('a strange answer', reply)
  return 'no HTTP'
}

function decoded(reply: Reply): string {
  const encoding = reply.headers.get('content-encoding')
  if (encoding === undefined) return reply.body.toString()
  return (encoding === 'gzip' ? gunzipSync(reply.body) : inflateSync(reply.body)).toString()
}

function judgeSuccess(reply: Reply, text: string, expected: Expected | undefined): string {
  if (text === '') {
    if (!SILENT.has(expected?.operation ?? '')) fail('a success without a body', reply)
  } else if (parsed(reply, text) === undefined) fail('a success that is no object', reply)
  return '200'
}

function judgeError(reply: Reply, text: string): string {
  const { __type: type, message, Message } = parsed(reply, text) ?? {}
  if (typeof type !== 'string' || !ERROR_TYPES.has(type)) fail('an error of unknown type', reply)
  const words = message ?? Message
  if (words !== undefined && typeof words !== 'string') fail('an error whose message is no text', reply)
  const code = (type as string).split('#')[1]!
  if (reply.status !== (code === 'RequestEntityTooLargeException' ? 413 : 400)) fail(`status ${reply.status}`, reply)
  return code
}

function parsed(reply: Reply, text: string): { [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return fail('no JSON', reply)
  }
}

function fail(what: string, { status, headers, body }: Reply): never {
  const shown = [...headers].map(([name, value]) => `${name}: ${value}\n`).join('')
  throw new Error(`${what}\n\n${status}\n${shown}\n${body.toString().slice(0, 10_000)}`)
}
