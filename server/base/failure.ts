/** Failures that a person must read: printed as one sentence, without a stack, and the process ends with exit code 1. */
export class OperatorError extends Error {
  override name = 'OperatorError'
}
