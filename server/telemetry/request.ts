/** One request, from its arrival to its answer: the tables it touched, what it consumed, how long it took, how it ended. */
import type { DynamoError } from '../model/errors.ts'
import type { TableRecord } from '../model/table.ts'
import type { WriteUnits } from '../partition/command.ts'
import { type Access, countError, countRefusedPart } from './errors.ts'
import type { Telemetry } from './telemetry.ts'
import type { RequestSpan } from './tracing.ts'

/** Requests to one table, as nearly all are, share this. */
const NO_OTHERS: readonly TableRecord[] = []

export class RequestMeter {
  readonly #telemetry: Telemetry
  readonly #operation: string | undefined
  readonly #id: string
  readonly #span: RequestSpan | undefined
  #table: TableRecord | undefined
  /** The tables beside the first. */
  #others = NO_OTHERS
  #start: number | undefined

  /** `operation`: undefined if the request names none there is. */
  constructor(telemetry: Telemetry, operation: string | undefined, id: string, span: RequestSpan | undefined) {
    this.#telemetry = telemetry
    this.#operation = operation
    this.#id = id
    this.#span = span
  }

  /** The request is here in full: calls `work`. Time counts from now on. */
  run<A, B, R>(work: (a: A, b: B) => R, a: A, b: B): R {
    this.#start = performance.now()
    return this.#span === undefined ? work(a, b) : this.#span.run(work, a, b)
  }

  /** The request is about this table, which is there. */
  touched(table: TableRecord): void {
    if (this.#table === undefined) this.#table = table
    else if (this.#table !== table && !this.#others.includes(table)) this.#others = [...this.#others, table]
  }

  /** Capacity units, whether or not the client wants to know. */
  consumedRead(table: TableRecord, units: WriteUnits): void {
    this.#telemetry.series(table).read.add(table, units)
  }

  consumedWrite(table: TableRecord, units: WriteUnits): void {
    this.#telemetry.series(table).written.add(table, units)
  }

  /** Items in the answer of a Query or Scan. */
  returned(table: TableRecord, items: number): void {
    const series = this.#telemetry.series(table).operation(this.#operation)
    series.returnedItems = (series.returnedItems ?? 0) + items
  }

  /** Change records in the answer of a GetRecords, of so many bytes as JSON. */
  returnedRecords(table: TableRecord, records: number, bytes: number): void {
    const series = this.#telemetry.series(table).operation(this.#operation)
    series.returnedRecords = (series.returnedRecords ?? 0) + records
    series.returnedBytes = (series.returnedBytes ?? 0) + bytes
  }

  /** A part of the request was refused with an error of this code, though the request as a whole may succeed. */
  refusedPart(table: TableRecord, access: Access, code: string): void {
    countRefusedPart(this.#telemetry.series(table), access, code)
  }

  succeeded(): void {
    const ms = this.#elapsed()
    this.#observe(this.#table, ms)
    for (const table of this.#others) this.#observe(table, ms)
    this.#end(200, ms)
  }

  /** `error` is what the client sees, `cause` what was thrown. */
  failed(error: DynamoError, cause: unknown): void {
    const ms = this.#elapsed()
    const tables = [this.#table, ...this.#others]
    countError(
      tables.map(table => this.#telemetry.series(table)),
      this.#operation,
      error,
    )
    this.#end(error.status, ms, error.code, error.status < 500 ? undefined : (cause as Error))
  }

  /** The client went before its request was here. */
  abandoned(): void {
    this.#end(undefined, 0, 'ConnectionLost')
  }

  #observe(table: TableRecord | undefined, ms: number): void {
    this.#telemetry
      .series(table)
      .operation(this.#operation)
      .latency.observe(ms / 1000)
  }

  /** Milliseconds. */
  #elapsed(): number {
    return this.#start === undefined ? 0 : performance.now() - this.#start
  }

  #end(status: number | undefined, ms: number, code?: string, cause?: Error): void {
    const telemetry = this.#telemetry
    telemetry.inFlight -= 1
    if (this.#span === undefined && cause === undefined && !telemetry.logsRequests) return
    const tables = this.#table === undefined ? [] : [this.#table, ...this.#others].map(({ name }) => name)
    const line = { requestId: this.#id, operation: this.#operation, tables, status, code, ms, ...this.#span?.ids }
    if (cause !== undefined) telemetry.logger.error({ err: cause, ...line }, 'request failed')
    telemetry.logger.debug(line, 'request')
    this.#span?.end({ tables, status, error: code, cause })
  }
}
