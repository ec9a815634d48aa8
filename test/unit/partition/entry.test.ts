import test from 'ava'
import fc from 'fast-check'
import { pack, unpack } from 'msgpackr'
import { OperatorError } from '../../../server/base/failure.ts'
import { chainHash, decodeEntry, type Effect, type EntryBody, encodeEntry } from '../../../server/partition/entry.ts'
import type { Step } from '../../../server/partition/steps.ts'
import { INDEXED, partitionSchema } from './given.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array))
const text = fc.string({ unit: 'binary' }).map(string => JSON.stringify(string))
const size = fc.nat(400_000)
const image = fc.record({ json: text, size })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const change = (index: fc.Arbitrary<number | string>) =>
  fc.record(
    {
      index,
      remove: fc.record({ key: bytes, size }),
      put: fc.record({ key: bytes, image, before: size }, { requiredKeys: ['key'] }),
    },
    { requiredKeys: ['index'] },
  )
const effect: fc.Arbitrary<Effect> = fc.record(
  {
    key: bytes,
    image: maybe(image),
    before: maybe(size),
    local: fc.array(change(fc.nat(4)), { maxLength: 3 }),
    global: fc.array(change(fc.uuid()), { maxLength: 3 }),
    recorded: fc.constantFrom('request' as const, 'service' as const),
    expires: fc.option(fc.maxSafeInteger()),
  },
  { requiredKeys: ['key', 'image', 'before', 'local', 'global'] },
)
const recorded = fc.tuple(effect, fc.record({ start: size, end: size, text })).map(([effect, old]) => ({
  ...effect,
  recorded: 'request' as const,
  old,
}))
const effects = fc.array(fc.oneof(effect, recorded), { maxLength: 4 })
const time = fc.nat(2 ** 42)
const units = fc.array(fc.nat(100))
const lock = fc.record({ key: bytes, changes: fc.boolean(), image: maybe(image) })
const participants = fc.array(fc.record({ partition: fc.uuid(), ticket: fc.string() }))
const outcome = fc.constantFrom('committed' as const, 'aborted' as const)
const named = <K extends string>(kind: K) => fc.constant(kind)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: named('prepare'),
    transaction: fc.uuid(),
    ticket: fc.string(),
    home: fc.uuid(),
    locks: fc.array(lock),
  }),
  fc.record(
    { kind: named('resolve'), transaction: fc.uuid(), committed: time },
    { requiredKeys: ['kind', 'transaction'] },
  ),
  fc.record({ kind: named('decide'), transaction: fc.uuid(), outcome, time, participants }),
  fc.record({ kind: named('token'), token: fc.string(), request: fc.string(), expires: time, units }),
  fc.record({ kind: named('forget'), time, transactions: fc.array(fc.uuid()), tokens: fc.array(fc.string()) }),
)
const position = fc.nat(2 ** 40)
const expiry = fc.record({ key: bytes, expires: fc.maxSafeInteger() })
const row = fc.record({ key: bytes, image })
const body: fc.Arbitrary<EntryBody> = fc.oneof(
  fc.record({ kind: fc.constant('epoch' as const), node: fc.string() }),
  fc.record(
    {
      kind: fc.constant('schema' as const),
      schema: fc.constant(partitionSchema(INDEXED, { i: [{ id: 'x', from: 0, to: 2 ** 32 }] })),
      time,
    },
    { requiredKeys: ['kind', 'schema'] },
  ),
  fc.record({ kind: fc.constant('expiries' as const), rows: fc.array(expiry), cursor: maybe(bytes) }),
  fc.record({
    kind: fc.constant('trim' as const),
    upTo: fc.bigInt(0n, 2n ** 63n - 1n),
    streams: fc.array(fc.string()),
  }),
  fc.record(
    { kind: fc.constant('write' as const), time, effects, steps: fc.array(step, { minLength: 1, maxLength: 4 }) },
    { requiredKeys: ['kind', 'time', 'effects'] },
  ),
  fc.record({ kind: fc.constant('backfill' as const), index: fc.uuid(), rows: fc.array(row), cursor: maybe(bytes) }),
  fc.record({ kind: fc.constant('feed' as const), source: fc.uuid(), position, effects }),
)

test('every entry reads back as it was written', t => {
  fc.assert(
    fc.property(body, fc.nat(), fc.string(), (body, epoch, previous) => {
      const entry = { ...body, epoch, previous }
      t.deepEqual(decodeEntry(Buffer.from(encodeEntry(entry))), entry)
    }),
    { numRuns: 300 },
  )
})

test('keys read back are buffers, which routing reads hashes from, whatever the log gives', t => {
  const effect: Effect = { key: Buffer.from('1234'), image: undefined, before: 1, local: [], global: [] }
  const entry = { kind: 'write', time: 1, effects: [effect], epoch: 1, previous: '' } as const
  const bytes = encodeEntry({ ...entry, effects: [...entry.effects] })
  for (const given of [bytes, new Uint8Array(bytes), new Uint8Array([0, ...bytes]).subarray(1)]) {
    const decoded = decodeEntry(given)
    t.true(decoded.kind === 'write' && Buffer.isBuffer(decoded.effects[0]!.key))
    t.deepEqual(decoded, entry)
  }
})

test('an entry of a newer version is refused in a sentence', t => {
  const newer = pack([5, 1, '', 'write', []])
  t.throws(() => decodeEntry(newer), { instanceOf: OperatorError, message: /newer Tavola \(format 5/ })
})

test('an entry names the oldest version that can read it', t => {
  const write = { kind: 'write' as const, time: 1, effects: [], epoch: 1, previous: '' }
  const versionOf = (bytes: Uint8Array) => (unpack(bytes) as number[])[0]
  t.is(versionOf(encodeEntry(write)), 1)
  t.is(versionOf(encodeEntry({ ...write, steps: [{ kind: 'resolve', transaction: 't' }] })), 2)
  const effect: Effect = { key: Buffer.from('1234'), image: undefined, before: 1, local: [], global: [] }
  t.is(versionOf(encodeEntry({ ...write, effects: [effect] })), 1)
  t.is(versionOf(encodeEntry({ ...write, effects: [effect, { ...effect, recorded: 'request' }] })), 3)
  t.is(versionOf(encodeEntry({ ...write, effects: [{ ...effect, expires: null }] })), 3)
  const schema = { kind: 'schema' as const, time: 1, epoch: 1, previous: '' }
  t.is(versionOf(encodeEntry({ ...schema, schema: partitionSchema(INDEXED) })), 1)
  t.is(versionOf(encodeEntry({ ...schema, schema: partitionSchema({ ...INDEXED, timeToLive: 'x' }) })), 3)
})

test('different bytes have different hashes', t => {
  const hashes = ['', 'a', 'b', 'ab'].map(text => chainHash(Buffer.from(text)))
  t.is(new Set(hashes).size, 4)
  for (const hash of hashes) t.regex(hash, /^[0-9a-f]{32}$/)
})
