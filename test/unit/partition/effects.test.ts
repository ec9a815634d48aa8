import test from 'ava'
import { EffectReader } from '../../../server/partition/effects.ts'
import type { EntryBody } from '../../../server/partition/entry.ts'
import type { Step } from '../../../server/partition/steps.ts'

const write = (time: number, keys: string[], steps?: Step[]): EntryBody => ({
  kind: 'write',
  time,
  effects: keys.map(key => ({
    key: Buffer.from(key),
    image: { json: '{}', size: 2 },
    before: undefined,
    local: [],
    global: [],
  })),
  ...(steps && { steps }),
})
const prepare = (transaction: string, ...keys: string[]): Step => ({
  kind: 'prepare',
  transaction,
  ticket: '1.1',
  home: 'home',
  locks: keys.map(key => ({ key: Buffer.from(key), changes: true, image: undefined })),
})
const read = (reader: EffectReader, entry: EntryBody) =>
  reader.read(entry).map(({ key, time }) => `${Buffer.from(key)} ${time}`)

test('what a transaction did has the time of its commit, what came beside it that of the entry', t => {
  const reader = new EffectReader()
  t.deepEqual(read(reader, write(10, ['x'], [prepare('t', 'a', 'b'), prepare('u', 'c')])), ['x 10'])
  t.deepEqual(read(reader, { kind: 'epoch', node: 'n' }), [])
  t.deepEqual(read(reader, write(20, ['y', 'a', 'b'], [{ kind: 'resolve', transaction: 't', committed: 15 }])), [
    'y 20',
    'a 15',
    'b 15',
  ])
  t.deepEqual(read(reader, write(30, ['a', 'z'], [{ kind: 'resolve', transaction: 'u' }])), ['a 30', 'z 30'])
})

test('more is awaited while something prepared by then is not resolved', t => {
  const reader = new EffectReader()
  t.false(reader.awaits(1e9))
  reader.read(write(10, [], [prepare('t', 'a')]))
  t.false(reader.awaits(9))
  t.true(reader.awaits(10))
  reader.read(write(20, ['a'], [{ kind: 'resolve', transaction: 't', committed: 12 }]))
  t.false(reader.awaits(1e9))
})

test('a prepare from before the first entry counts by the time of its resolution', t => {
  t.deepEqual(read(new EffectReader(), write(20, ['a'], [{ kind: 'resolve', transaction: 't', committed: 12 }])), [
    'a 20',
  ])
})
