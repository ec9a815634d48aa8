import test from 'ava'
import type { Logger } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { type DynamoError, dynamo, internalServerError, validation } from '../../../server/model/errors.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { Telemetry } from '../../../server/telemetry/telemetry.ts'
import type { RequestEnd, RequestSpan, RequestTracer } from '../../../server/telemetry/tracing.ts'
import { table } from '../api-data/world.ts'

type Line = Record<string, unknown>

function setUp(options: { debug?: boolean; traced?: boolean } = {}) {
  const records = new Map<string, TableRecord>()
  const lines: { level: string; fields: Line }[] = []
  const ends: RequestEnd[] = []
  const log = (level: string) => (fields: object) => void lines.push({ level, fields: fields as Line })
  const isLevelEnabled = () => options.debug === true
  const debug = options.debug ? log('debug') : () => {}
  const logger: Logger = { debug, info: log('info'), warn: log('warn'), error: log('error'), isLevelEnabled }
  const span: RequestSpan = {
    ids: { trace_id: 'T', span_id: 'S' },
    run: (work, a, b) => work(a, b),
    end: end => void ends.push(end),
  }
  const tracer: RequestTracer = { begin: () => span, ...untraced, close: async () => {} }
  const looks = { count: 0 }
  const find = (name: string) => {
    looks.count += 1
    return records.get(name)
  }
  const telemetry = new Telemetry({ find }, logger, options.traced ? tracer : undefined)
  const add = (record: TableRecord) => {
    records.set(record.name, record)
    return record
  }
  const begin = (operation: string | undefined, ...tables: TableRecord[]) => {
    const meter = telemetry.begin(operation, 'R', {})
    for (const touched of tables) meter.touched(touched)
    return meter
  }
  const fail = (operation: string, error: DynamoError, ...tables: TableRecord[]) =>
    begin(operation, ...tables).failed(error, error)
  return { records, telemetry, add, begin, fail, lines, ends, looks }
}

const THROTTLED = dynamo('ProvisionedThroughputExceededException', 'slow down')
const CONFLICT = dynamo('TransactionConflictException', 'Transaction is ongoing for the item')

test('a throttled request is an event of its kind, and no error of the user', t => {
  const { telemetry, add, fail } = setUp()
  const pets = add(table('Pets', 'id'))
  fail('Query', THROTTLED, pets)
  fail('PutItem', dynamo('ThrottlingException', ''), pets)
  fail('PutItem', dynamo('RequestLimitExceeded', ''), pets)
  const series = telemetry.series(pets)
  t.deepEqual([series.readThrottleEvents, series.writeThrottleEvents], [1, 2])
  t.like(series.operation('PutItem'), { throttled: 2, userErrors: 0, systemErrors: 0 })
  t.is(series.operation('PutItem').latency.count, 0)
})

test('a batch tells of its parts itself; as a whole it is throttled on each of its tables', t => {
  const { telemetry, add, begin } = setUp()
  const [pets, toys] = [add(table('Pets', 'id')), add(table('Toys', 'id'))]
  const meter = begin('BatchWriteItem', pets, toys, pets)
  for (let i = 0; i < 3; i++) meter.refusedPart(pets, 'write', THROTTLED.code)
  meter.refusedPart(toys, 'read', THROTTLED.code)
  meter.refusedPart(toys, 'write', CONFLICT.code)
  meter.refusedPart(toys, 'write', 'InternalServerError')
  meter.failed(THROTTLED, THROTTLED)
  t.like(telemetry.series(pets), { readThrottleEvents: 0, writeThrottleEvents: 3, transactionConflicts: 0 })
  t.like(telemetry.series(toys), { readThrottleEvents: 1, writeThrottleEvents: 0, transactionConflicts: 1 })
  for (const { name } of [pets, toys]) {
    t.is(
      telemetry
        .all()
        .find(series => series.name === name)!
        .operation('BatchWriteItem').throttled,
      1,
    )
  }
})

test('errors: of the server on every table, of the user once', t => {
  const { telemetry, add, fail } = setUp()
  const [pets, toys] = [add(table('Pets', 'id')), add(table('Toys', 'id'))]
  fail('BatchGetItem', internalServerError(), pets, toys)
  fail('BatchGetItem', validation('no'), pets, toys)
  t.like(telemetry.series(pets).operation('BatchGetItem'), { systemErrors: 1, userErrors: 1 })
  t.like(telemetry.series(toys).operation('BatchGetItem'), { systemErrors: 1, userErrors: 0 })
  fail('GetItem', validation('no'))
  t.is(telemetry.series(undefined).operation('GetItem').userErrors, 1)
})

test('a conflict of a single write is an error of the user, too; a failed condition is not', t => {
  const { telemetry, add, fail } = setUp()
  const pets = add(table('Pets', 'id'))
  fail('PutItem', CONFLICT, pets)
  const failed = dynamo('ConditionalCheckFailedException', '')
  failed.consumed = 3
  fail('PutItem', failed, pets)
  const series = telemetry.series(pets)
  t.like(series, { transactionConflicts: 1, conditionalCheckFailures: 1 })
  t.is(series.operation('PutItem').userErrors, 1)
  t.is(series.written.table, 3)
})

test('units of local indexes are the table’s; names of indexes may be any', t => {
  const { telemetry, add, begin } = setUp()
  const T = add(table('T', 'p', { local: { local: { key: 'p l' } }, global: { __proto__x: { key: 'g' } } }))
  begin('PutItem', T).consumedWrite(T, { table: 1, indexes: { local: 2, __proto__x: 4 } })
  begin('Query', T).consumedRead(T, { table: 0, indexes: { __proto__x: 0.5 } })
  t.is(telemetry.series(T).written.table, 3)
  t.deepEqual([...telemetry.series(T).written.indexes], [['__proto__x', 4]])
  t.deepEqual([telemetry.series(T).read.table, [...telemetry.series(T).read.indexes]], [0, [['__proto__x', 0.5]]])
})

test('requests in flight: until they succeed, fail, or are given up', t => {
  const { telemetry, begin } = setUp()
  const meters = [begin('A'), begin('B'), begin(undefined)] as const
  t.is(telemetry.inFlight, 3)
  meters[0].succeeded()
  meters[1].failed(validation('no'), undefined)
  meters[2].abandoned()
  t.is(telemetry.inFlight, 0)
})

test('tables that come and go leave nothing behind, scraped or not', t => {
  const { telemetry, records, add, begin, looks } = setUp()
  for (let i = 0; i < 1000; i++) {
    const record = add({ ...table('Same', 'id'), id: `${i}`, name: `T${i}` })
    begin('GetItem', record).succeeded()
    records.delete(record.name)
  }
  looks.count = 0
  t.deepEqual(
    telemetry.all().map(({ name }) => name),
    [''],
  )
  t.true(looks.count <= 1, `${looks.count} tables were kept until the scrape`)
  const again = add({ ...table('Same', 'id'), id: 'new', name: 'T1' })
  t.is(telemetry.series(again).operation('GetItem').latency.count, 0)
})

test('time counts from when the request is here', async t => {
  const { telemetry, begin } = setUp()
  const meter = begin('GetItem')
  const start = performance.now()
  while (performance.now() < start + 30);
  t.is(
    meter.run((a: number, b: number) => a + b, 1, 2),
    3,
  )
  meter.succeeded()
  const { latency } = telemetry.series(undefined).operation('GetItem')
  t.is(latency.count, 1)
  t.true(latency.sum < 0.025)
})

test('a failure is logged with the ids of request and trace, and ends the span with its cause', t => {
  const { begin, add, lines, ends } = setUp({ traced: true })
  const cause = new Error('a defect')
  begin('PutItem', add(table('Pets', 'id'))).failed(internalServerError(), cause)
  const ids = { requestId: 'R', trace_id: 'T', span_id: 'S' }
  t.is(lines.length, 1)
  t.is(lines[0]!.level, 'error')
  t.like(lines[0]!.fields, { err: cause, operation: 'PutItem', status: 500, code: 'InternalServerError', ...ids })
  t.deepEqual(ends, [{ tables: ['Pets'], status: 500, error: 'InternalServerError', cause }])
  begin('PutItem').failed(validation('no'), validation('no'))
  t.is(lines.length, 1)
  t.deepEqual(ends[1], { tables: [], status: 400, error: 'ValidationException', cause: undefined })
})

test('every request is logged where that is wanted', t => {
  const { begin, add, lines } = setUp({ debug: true })
  begin('Query', add(table('Pets', 'id')), add(table('Toys', 'id'))).succeeded()
  t.like(lines[0], { level: 'debug' })
  t.like(lines[0]!.fields, { requestId: 'R', operation: 'Query', status: 200 })
  t.deepEqual(lines[0]!.fields.tables, ['Pets', 'Toys'])
})
