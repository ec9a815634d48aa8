/** The metrics of requests, named after CloudWatch's (facts, section 10). */
import type { Tables } from '../cluster/cluster.ts'
import type { Definition, Reading } from './definition.ts'
import type { OperationSeries, TableSeries, UnitSeries } from './series.ts'
import type { Telemetry } from './telemetry.ts'

const OPERATION = ['operation', 'table']
const TABLE = ['table']
const INDEX = ['table', 'global_secondary_index']

export function requestMetrics(telemetry: Telemetry, tables: Pick<Tables, 'find'>): Definition[] {
  const byOperation = (read: (series: OperationSeries) => number | undefined) => () => operations(telemetry, read)
  const byTable = (read: (series: TableSeries) => number) => () =>
    telemetry.all().flatMap(series => countOf(series, read(series)))
  const byIndex = (read: (series: TableSeries) => UnitSeries) => () =>
    telemetry.all().flatMap(series => [...unitsOf(series, read(series), tables)])
  return [
    {
      name: 'tavola_successful_request_latency_seconds',
      help: 'From the last byte of a request to its answer, of requests that succeeded.',
      kind: 'histogram',
      labels: OPERATION,
      read: () => operations(telemetry, ({ latency }) => (latency.count > 0 ? latency : undefined)),
    },
    {
      name: 'tavola_consumed_read_capacity_units_total',
      help: 'Read capacity units consumed by a table with its local indexes, or by a global index.',
      kind: 'counter',
      labels: INDEX,
      read: byIndex(series => series.read),
    },
    {
      name: 'tavola_consumed_write_capacity_units_total',
      help: 'Write capacity units consumed by a table with its local indexes, or by a global index.',
      kind: 'counter',
      labels: INDEX,
      read: byIndex(series => series.written),
    },
    {
      name: 'tavola_throttled_requests_total',
      help: 'Requests refused for want of capacity; a batch only if all of its items were.',
      kind: 'counter',
      labels: OPERATION,
      read: byOperation(series => series.throttled),
    },
    {
      name: 'tavola_read_throttle_events_total',
      help: 'Reads of items, and pages, refused for want of capacity, those in batches one by one.',
      kind: 'counter',
      labels: TABLE,
      read: byTable(series => series.readThrottleEvents),
    },
    {
      name: 'tavola_write_throttle_events_total',
      help: 'Writes of items refused for want of capacity, those in batches one by one.',
      kind: 'counter',
      labels: TABLE,
      read: byTable(series => series.writeThrottleEvents),
    },
    {
      name: 'tavola_user_errors_total',
      help: 'Requests refused as wrong: all with status 4xx but throttled ones and failed conditions.',
      kind: 'counter',
      labels: OPERATION,
      read: byOperation(series => series.userErrors),
    },
    {
      name: 'tavola_system_errors_total',
      help: 'Requests that failed by no fault of the client: status 5xx.',
      kind: 'counter',
      labels: OPERATION,
      read: byOperation(series => series.systemErrors),
    },
    {
      name: 'tavola_conditional_check_failed_requests_total',
      help: 'Writes whose condition did not hold.',
      kind: 'counter',
      labels: TABLE,
      read: byTable(series => series.conditionalCheckFailures),
    },
    {
      name: 'tavola_transaction_conflict_total',
      help: 'Items refused because a transaction was under way on them.',
      kind: 'counter',
      labels: TABLE,
      read: byTable(series => series.transactionConflicts),
    },
    {
      name: 'tavola_returned_item_count_total',
      help: 'Items in the answers of queries and scans.',
      kind: 'counter',
      labels: OPERATION,
      read: byOperation(series => series.returnedItems),
    },
    {
      name: 'tavola_returned_records_count_total',
      help: 'Change records in the answers of GetRecords.',
      kind: 'counter',
      labels: OPERATION,
      read: byOperation(series => series.returnedRecords),
    },
    {
      name: 'tavola_returned_bytes_total',
      help: 'Bytes of change records in the answers of GetRecords.',
      kind: 'counter',
      labels: OPERATION,
      read: byOperation(series => series.returnedBytes),
    },
    {
      name: 'tavola_requests_in_flight',
      help: 'Requests that have arrived and are not answered yet.',
      kind: 'gauge',
      read: () => [{ value: telemetry.inFlight }],
    },
  ]
}

/**
 * Whatever was seen shows, if only with 0: a counter that begins with its first error would hide that error from `rate`.
 */
function* operations<V>(telemetry: Telemetry, read: (series: OperationSeries) => V | undefined): Iterable<Reading<V>> {
  for (const { name: table, operations } of telemetry.all()) {
    for (const [operation = '', series] of operations) {
      const value = read(series)
      if (value !== undefined) yield { labels: { operation, table }, value }
    }
  }
}

function countOf({ name }: TableSeries, value: number): Reading<number>[] {
  return name === '' ? [] : [{ labels: { table: name }, value }]
}

function* unitsOf({ name }: TableSeries, units: UnitSeries, tables: Pick<Tables, 'find'>): Iterable<Reading<number>> {
  if (name === '') return
  yield { labels: { table: name, global_secondary_index: '' }, value: units.table }
  for (const index of tables.find(name)?.globalIndexes ?? []) {
    const value = units.indexes.get(index.name) ?? 0
    yield { labels: { table: name, global_secondary_index: index.name }, value }
  }
}
