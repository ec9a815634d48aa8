/** From StreamTriggers to what the Lambda API is asked: pure functions, looked at from outside. */
import test from 'ava'
import fc from 'fast-check'
import type { StreamTriggerSpec } from '../../../operator/resources/streamtrigger.ts'
import { delayOf, lagText } from '../../../operator/specs/conditions.ts'
import { isAsWished, mappingInput, rivalOf, signingOf, wishedTrigger } from '../../../operator/specs/triggers.ts'
import { decode } from '../../../server/api/shape/decode.ts'
import type { JsonObject } from '../../../server/api/shape/scalar.ts'
import { structure } from '../../../server/api/shape/shape.ts'
import type { TriggerCall } from '../../../server/api/trigger/operation.ts'
import { changedSettings, DEFAULTS } from '../../../server/api/trigger/settings.ts'
import { functionName, settings } from '../../../server/api/trigger/shape.ts'
import type { TriggerRecord } from '../../../server/triggers/records.ts'
import { triggerOf } from './streamtriggers.ts'

const whole = (min: number, max: number) => fc.integer({ min, max })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const specs: fc.Arbitrary<Partial<StreamTriggerSpec>> = fc.record({
  target: fc.constantFrom('resize', 'https://a/b', 'nats:a.b'),
  enabled: fc.boolean(),
  batchSize: whole(1, 10_000),
  batchingWindowSeconds: whole(0, 300),
  parallelizationFactor: whole(1, 10),
  maximumRecordAgeSeconds: fc.oneof(fc.constant(-1), whole(60, 604_800)),
  maximumRetryAttempts: whole(-1, 10_000),
  bisectBatchOnFunctionError: fc.boolean(),
  tumblingWindowSeconds: whole(0, 900),
  reportBatchItemFailures: fc.boolean(),
  filters: maybe(fc.array(fc.constantFrom('{}', '{"eventName":["INSERT"]}'), { maxLength: 3 })),
  onFailure: maybe(fc.constantFrom('', 'https://a/failed')),
  limits: maybe(
    fc.record({
      maximumConcurrency: maybe(whole(1, 1000)),
      invocationsPerSecond: maybe(fc.double({ min: 0.01, max: 100_000, noNaN: true })),
      timeoutSeconds: maybe(whole(1, 290)),
    }),
  ),
})
const signings = maybe(
  fc.record({ keyId: fc.string({ minLength: 1, maxLength: 9 }), secret: fc.string({ minLength: 1 }) }),
)

/** What the server makes of a request, by its own shapes and rules; over a network. */
function answered(before: TriggerRecord, input: object): TriggerRecord {
  const call = { refusal: () => undefined } as unknown as TriggerCall
  const shape = structure({ ...settings, FunctionName: functionName })
  const decoded = decode(shape, JSON.parse(JSON.stringify(input)) as JsonObject)
  const changed = changedSettings(before.settings, decoded, call)
  const record = { ...before, functionName: decoded.FunctionName!, enabled: decoded.Enabled!, settings: changed }
  return JSON.parse(JSON.stringify(record)) as TriggerRecord
}

test('a mapping that was told all is as wished, whatever it was before, and told once', t => {
  const fresh = { settings: { ...DEFAULTS, startingPosition: 'LATEST' } } as TriggerRecord
  fc.assert(
    fc.property(specs, signings, specs, signings, (one, signature, other, another) => {
      const [first, second] = [
        wishedTrigger(triggerOf('a', one).spec, signature),
        wishedTrigger(triggerOf('a', other).spec, another),
      ]
      const made = answered(fresh, mappingInput(first))
      t.true(isAsWished(made, first))
      const changed = answered(made, mappingInput(second))
      t.true(isAsWished(changed, second))
      t.deepEqual(isAsWished(changed, first), JSON.stringify(first) === JSON.stringify(second))
    }),
  )
})

test('a Secret gives a signature if it has one', t => {
  const secret = (data?: Record<string, string>) =>
    signingOf({
      metadata: { name: 's' },
      ...(data && {
        data: Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Buffer.from(v).toString('base64')])),
      }),
    })
  t.deepEqual(secret({ secret: 'abc' }), { keyId: 'tavola', secret: 'abc' })
  t.deepEqual(secret({ secret: 'é', keyId: 'me', more: 'x' }), { keyId: 'me', secret: 'é' })
  t.is(secret(undefined), undefined)
  t.is(secret({}), undefined)
  t.is(secret({ secret: '' }), undefined)
  t.is(secret({ keyId: 'me' }), undefined)
})

test('of two with one target on one table, the one that has the mapping counts, else the older', t => {
  const at = (time: string, more: object = {}) => ({ creationTimestamp: time, ...more })
  const older = triggerOf('older', {}, at('2026-01-01T00:00:00Z'))
  const younger = triggerOf('younger', {}, at('2026-01-02T00:00:00Z'))
  const having = { ...younger, status: { uuid: 'u' } }
  const elsewhere = triggerOf('elsewhere', { target: 'nats:a' }, at('2025-01-01T00:00:00Z'))
  const others = [older, younger, elsewhere, triggerOf('other', { tableName: 'Others' }, at('2025-01-01T00:00:00Z'))]
  t.is(rivalOf(older, others, undefined), undefined)
  t.is(rivalOf(younger, others, undefined), older)
  t.is(rivalOf(younger, others, 'u'), older)
  t.is(rivalOf(having, [older, having], 'u'), undefined)
  t.is(rivalOf(older, [older, having], 'u'), having)
  // What it had was another one.
  t.is(rivalOf(having, [older, having], 'v'), older)
})

test('a table says that its changes are delayed once they have waited for a minute', t => {
  t.like(delayOf(59_999), { status: false, reason: 'Published' })
  t.like(delayOf(180_000), { status: true, reason: 'WaitingForNats' })
  t.regex(delayOf(180_000).message, /made 3m ago/)
})

test('lags are as short as ages', t => {
  const texts = [-5, 0, 999, 59_999, 60_000, 3_599_999, 3_600_000, 90_000_000].map(lagText)
  t.deepEqual(texts, ['0s', '0s', '0s', '59s', '1m', '59m', '1h', '25h'])
})
