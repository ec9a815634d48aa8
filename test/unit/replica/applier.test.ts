import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import fc from 'fast-check'
import { InvariantViolation } from '../../../server/base/invariant.ts'
import type { LoggedEntry } from '../../../server/log/log.ts'
import { chainHash, type EntryBody, encodeEntry } from '../../../server/partition/entry.ts'
import { Applier } from '../../../server/replica/applier.ts'
import { Store } from '../../../server/store/store.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { command } from '../partition/arbitraries.ts'
import { BY_OWNER, INDEXED, partitionSchema } from '../partition/given.ts'
import { epoch, lead } from './fakes.ts'

/** Entries that follow each other, from position 1. */
function chain(...bodies: EntryBody[]): LoggedEntry[] {
  let previous = ''
  return bodies.map((body, index) => {
    const bytes = encodeEntry({ ...body, epoch: 1, previous })
    previous = chainHash(bytes)
    return { position: index + 1, bytes }
  })
}

const memoryApplier = () => new Applier(new Store(':memory:', randomUUID()))

test('entries move the state on, one after the other', t => {
  const applier = memoryApplier()
  t.is(applier.schema, undefined)
  const schema = partitionSchema(INDEXED)
  const entries = chain(epoch, { kind: 'schema', schema }, epoch)
  applier.replay(entries.slice(0, 2))
  t.deepEqual([applier.state.position, applier.schema], [2, schema])
  applier.replay(entries.slice(2))
  t.is(applier.state.chain, chainHash(entries[2]!.bytes))
})

test('a gap, a repetition, or an entry of another history is never applied (INV-R1)', t => {
  const entries = chain(epoch, epoch, epoch)
  const [first, second, third] = entries as [LoggedEntry, LoggedEntry, LoggedEntry]
  const foreign = chain({ kind: 'epoch', node: 'other' }, epoch)[1]!
  const applier = memoryApplier()
  applier.replay([first])
  const before = applier.state
  for (const wrong of [[third], [first], [foreign], [second, second], [second, { ...foreign, position: 3 }]]) {
    t.throws(() => applier.replay(wrong), { instanceOf: InvariantViolation, message: /came after|does not continue/ })
    t.is(applier.state, before, 'all of them or none')
  }
  applier.replay([second, third])
  t.is(applier.state.position, 3)
})

test('what the disk refuses takes back what was not committed, and can be applied again', t => {
  const applier = memoryApplier()
  const schema = partitionSchema(INDEXED)
  const unfit = {
    key: Buffer.from('k'),
    image: { json: {} as string, size: 1 },
    before: undefined,
    local: [],
    global: [],
  }
  const entries = chain(epoch, { kind: 'schema', schema }, epoch, { kind: 'write', time: 0, effects: [unfit] })
  applier.replay(entries.slice(0, 1))
  applier.commit()
  applier.replay(entries.slice(1, 3))
  t.throws(() => applier.replay(entries.slice(3)), { message: /bound/ })
  t.deepEqual([applier.state.position, applier.schema], [1, undefined])
  applier.replay(entries.slice(1, 3))
  t.deepEqual([applier.state.position, applier.schema], [3, schema])
})

/** Every row of every table, as bytes. */
function dump(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true })
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  const rows = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`).all()])
  database.close()
  return JSON.stringify(rows, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value))
}

test('one log gives one state, byte for byte, whatever steps it is applied in (INV-P2)', async t => {
  const folder = await tempFolder(t)
  const partition = randomUUID()
  let files = 0
  const property = fc.asyncProperty(
    fc.array(fc.array(command, { maxLength: 10 }), { maxLength: 10 }),
    fc.integer({ min: 1, max: 5 }),
    async (turns, step) => {
      const paths = [1, 2, 3].map(() => join(folder, `${files++}.db`)) as [string, string, string]
      const store = new Store(paths[0], partition)
      const schema = partitionSchema(INDEXED, { [BY_OWNER.id]: [] })
      const { leader, log } = await lead({ store, schema })
      for (const commands of turns) await Promise.allSettled(commands.map(command => leader.write(command)))
      leader.stop('done')
      store.close()
      const entries = await log.read(0, 1e9)
      for (const [path, size] of [
        [paths[1], step],
        [paths[2], entries.length],
      ] as const) {
        const replayed = new Store(path, partition)
        const applier = new Applier(replayed)
        for (let at = 0; at < entries.length; at += size) applier.replay(entries.slice(at, at + size))
        replayed.close()
        t.is(dump(path), dump(paths[0]))
      }
    },
  )
  await fc.assert(property, { numRuns: 15 })
})
