/** Errors of the Lambda API: other statuses than DynamoDB's. */
import { DynamoError } from '../../model/errors.ts'

function lambda(code: string, message: string, status: number): DynamoError {
  return new DynamoError('', code, message, undefined, status)
}

export function invalidValue(message: string): DynamoError {
  return lambda('InvalidParameterValueException', message, 400)
}

export function mappingNotFound(): DynamoError {
  return lambda('ResourceNotFoundException', 'The resource you requested does not exist.', 404)
}

export function mappingExists(streamArn: string, functionName: string, id: string): DynamoError {
  return lambda(
    'ResourceConflictException',
    `The event source arn (" ${streamArn} ") and function (" ${functionName} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${id}`,
    409,
  )
}

export function mappingInUse(): DynamoError {
  return lambda('ResourceInUseException', 'Cannot update the event source mapping because it is in use.', 400)
}
