/** Failures that a person must read: printed as one sentence, without a stack, and the process ends with exit code 1. */
export class OperatorError extends Error {
  override name = 'OperatorError'
}

/** What was to be read is of a newer version of Tavola: there is nothing to mend, but this process is too old. */
export class Newer extends OperatorError {}
