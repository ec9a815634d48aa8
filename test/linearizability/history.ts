/**
 * What clients did to items, and what they were told. Times are numbers that grow, of whatever clock: an operation took
 * effect, if it did, between its call and its return.
 */

/** An item, or its absence. */
export type Value = string | number | undefined

export type Op =
  | { kind: 'get' }
  | { kind: 'put'; value: Value }
  | { kind: 'delete' }
  /** Puts `value` if what is there is `expected`. */
  | { kind: 'putIf'; expected: Value; value: Value }
  /** Adds to a number; to 0, if there is none. */
  | { kind: 'add'; by: number }

/** Of a get or an add, the value there is then; of a refused putIf, the one that was met, if that was told. */
export type Result = { kind: 'done' } | { kind: 'value'; value: Value } | { kind: 'refused'; found?: { value: Value } }

export type Operation = {
  client: number
  key: string
  op: Op
  called: number
  /** Undefined, as the result is then, if it is not known what became of it: it may have happened, or may yet. */
  returned: number | undefined
  result: Result | undefined
}

/** Writes down what clients do. `now`: any clock that does not stand still. */
export class Recorder {
  readonly operations: Operation[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** `run` resolves with undefined if the outcome is not known. */
  async record(client: number, key: string, op: Op, run: () => Promise<Result | undefined>): Promise<Operation> {
    const operation: Operation = { client, key, op, called: this.#now(), returned: undefined, result: undefined }
    this.operations.push(operation)
    operation.result = await run()
    if (operation.result) operation.returned = this.#now()
    return operation
  }
}
