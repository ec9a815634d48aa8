/** DynamoDB's errors as clients see them: `__type`, message, HTTP status, extra members (facts, section 1.3). */

const DYNAMODB = 'com.amazonaws.dynamodb.v20120810#'
const VALIDATE = 'com.amazon.coral.validate#'
const SERVICE = 'com.amazon.coral.service#'

/** Codes whose message member is spelt `Message`. */
const CAPITAL_MESSAGE = new Set([
  'SerializationException',
  'AccessDeniedException',
  'TransactionCanceledException',
  'IdempotentParameterMismatchException',
  'TransactionInProgressException',
])

/** Any answer of DynamoDB that is not a success. Thrown anywhere, printed by `http/`. */
export class DynamoError extends Error {
  readonly code: string
  readonly type: string
  readonly status: number
  /** Members beside `__type` and the message, such as `Item` or `CancellationReasons`. */
  readonly members: Record<string, unknown> | undefined
  /** Write units of the table that the refused request took all the same. */
  consumed: number | undefined

  constructor(namespace: string, code: string, message: string, members?: Record<string, unknown>, status = 400) {
    super(message)
    this.name = code
    this.code = code
    this.type = namespace + code
    this.status = status
    this.members = members
  }

  /** The JSON body. An empty message is left out, as DynamoDB does for bare errors. */
  toBody(): string {
    const body: Record<string, unknown> = { __type: this.type }
    if (this.message !== '') body[CAPITAL_MESSAGE.has(this.code) ? 'Message' : 'message'] = this.message
    return JSON.stringify({ ...body, ...this.members })
  }
}

/** An error of the DynamoDB model, by its code: `dynamo('ResourceInUseException', 'Table already exists: T')`. */
export function dynamo(code: string, message: string, members?: Record<string, unknown>): DynamoError {
  return new DynamoError(DYNAMODB, code, message, members)
}

export function validation(message: string): DynamoError {
  return new DynamoError(VALIDATE, 'ValidationException', message)
}

/** `One or more parameter values were invalid: <message>`. */
export function invalidParameter(message: string): DynamoError {
  return validation(`One or more parameter values were invalid: ${message}`)
}

/** Errors of the service's front door: SerializationException, UnknownOperationException, signatures. */
export function service(code: string, message = '', status = 400): DynamoError {
  return new DynamoError(SERVICE, code, message, undefined, status)
}

export function resourceNotFound(message = 'Requested resource not found'): DynamoError {
  return dynamo('ResourceNotFoundException', message)
}

/** The only 500: a defect of ours. The cause is logged, never sent. */
export function internalServerError(): DynamoError {
  return new DynamoError(DYNAMODB, 'InternalServerError', 'Internal server error', undefined, 500)
}
