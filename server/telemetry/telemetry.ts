/**
 * What is seen of requests: begins a meter for each, and keeps what the meters count. A table's series go with the table;
 * names that are no table's never get any, so that nobody can fill the memory with them.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Logger } from '../base/logger.ts'
import type { Tables } from '../cluster/cluster.ts'
import type { TableRecord } from '../model/table.ts'
import { RequestMeter } from './request.ts'
import { TableSeries } from './series.ts'
import type { RequestTracer } from './tracing.ts'

export class Telemetry {
  readonly logger: Logger
  /** Whether every request is logged. */
  readonly logsRequests: boolean
  /** Requests that are not answered yet. */
  inFlight = 0
  readonly #tables: Pick<Tables, 'find'>
  readonly #tracer: RequestTracer | undefined
  readonly #series = new Map<string, TableSeries>()
  readonly #noTable = new TableSeries('', '')

  constructor(tables: Pick<Tables, 'find'>, logger: Logger, tracer?: RequestTracer) {
    this.#tables = tables
    this.#tracer = tracer
    this.logger = logger
    this.logsRequests = logger.isLevelEnabled('debug')
  }

  /** A request has arrived. `operation`: undefined if it names none there is. */
  begin(operation: string | undefined, id: string, headers: IncomingHttpHeaders): RequestMeter {
    this.inFlight += 1
    return new RequestMeter(this, operation, id, this.#tracer?.begin(operation, id, headers))
  }

  /** Of the table; those of requests that touch no table if there is none. */
  series(table: TableRecord | undefined): TableSeries {
    if (table === undefined) return this.#noTable
    const series = this.#series.get(table.name)
    return series?.id === table.id ? series : this.#add(table)
  }

  /** Of all tables there are, and of none. */
  all(): TableSeries[] {
    this.#forgetTables()
    return [this.#noTable, ...this.#series.values()]
  }

  #add({ id, name }: TableRecord): TableSeries {
    this.#forgetTables()
    const series = new TableSeries(id, name)
    this.#series.set(name, series)
    return series
  }

  /** Those that are gone. */
  #forgetTables(): void {
    for (const [name, { id }] of this.#series) if (this.#tables.find(name)?.id !== id) this.#series.delete(name)
  }
}
