import test from 'ava'
import fc from 'fast-check'
import { changesOfPart } from '../../../server/backup/changes.ts'
import { Damaged, putSealed } from '../../../server/backup/sealed.ts'
import { packEntries } from '../../../server/backup/segment.ts'
import { type Manifest, objectsOf, readManifest, takeSnapshot } from '../../../server/backup/snapshot.ts'
import { itemsAt } from '../../../server/backup/state.ts'
import { rowKey } from '../../../server/codec/key.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import type { Item } from '../../../server/model/item.ts'
import { MemoryObjectStore } from '../../../server/objects/memory.ts'
import { getWhole } from '../../../server/objects/objects.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import { command } from '../partition/arbitraries.ts'
import { item, PLAIN, put, S } from '../partition/given.ts'
import { all, type Given, given } from './given.ts'

/** So large that a page of rows holds three of them. */
const BALLAST = S('x'.repeat(100_000))
const keyOf = (json: string) => rowKey(PLAIN.key, JSON.parse(json) as Item).toString('hex')
const rowsOf = (texts: string[]) => new Map(texts.map(json => [keyOf(json), json]))

/** Does the writes, some at a time, giving others a turn now and then. */
async function write({ leader }: Given, commands: WriteCommand[], pause: () => Promise<unknown>): Promise<void> {
  for (const each of commands) {
    const done = leader.write(each).catch(error => {
      if (!(error instanceof DynamoError)) throw error
    })
    await Promise.race([done, pause()])
    await done
  }
}

const UNCHANGED = { latest: async () => undefined }

const turn = () => new Promise(resolve => setImmediate(resolve))

test('a snapshot taken amid writes is the table at its time', async t => {
  const plan = fc.record({
    before: fc.array(command, { maxLength: 20 }),
    during: fc.array(command, { minLength: 1, maxLength: 40 }),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ before, during }) => {
      const world = await given()
      for (const p of ['a', 'b', 'c', 'd', 'e']) await world.leader.write(put(item(p, 2, { ballast: BALLAST })))
      await write(world, before, turn)
      const objects = new MemoryObjectStore()
      const writing = write(world, during, turn)
      const { manifest, sealed } = await takeSnapshot(
        world.table,
        { ...world, objects, tables: UNCHANGED },
        'x/',
        () => false,
      )
      await writing
      t.deepEqual(await readManifest(objects, sealed), manifest)
      const found = rowsOf(await all(itemsAt({ objects, manifest, time: manifest.time })))
      t.deepEqual(sorted(found), sorted(await world.was(time => time <= manifest.time)))
    }),
    { numRuns: 40 },
  )
})

test('what changed between two moments, before and after', async t => {
  const plan = fc.tuple(
    fc.array(command, { maxLength: 15 }),
    fc.array(command, { maxLength: 15 }),
    fc.array(command, { maxLength: 15 }),
    fc.array(command, { maxLength: 15 }),
  )
  await fc.assert(
    fc.asyncProperty(plan, async ([first, second, third, fourth]) => {
      const world = await given()
      const objects = new MemoryObjectStore()
      await write(world, first, turn)
      const { manifest } = await takeSnapshot(world.table, { ...world, objects, tables: UNCHANGED }, 'x/', () => false)
      await write(world, second, turn)
      const from = world.clock.now()
      await write(world, third, turn)
      const to = world.clock.now()
      await write(world, fourth, turn)
      const part = { ...manifest.parts[0]!, log: [await wholeLog(world, objects)] }
      const moment = { objects, manifest, time: to }
      const changes = await all(changesOfPart(moment, part, PLAIN.key, from))
      const [before, after] = [await world.was(time => time < from), await world.was(time => time < to)]
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        key => before.get(key) !== after.get(key),
      )
      const found = new Map(changes.map(change => [keyOf((change.after ?? change.before)!), change]))
      for (const key of changed) {
        t.is(found.get(key)?.before, before.get(key))
        t.is(found.get(key)?.after, after.get(key))
      }
      // An item that was changed and changed back has been written all the same.
      for (const [key, change] of found) {
        t.true(changed.includes(key) || change.before === change.after)
        t.true(change.time >= from && change.time < to)
      }
    }),
    { numRuns: 40 },
  )
})

test('whatever is missing or altered is noticed', async t => {
  const world = await given()
  for (const p of ['a', 'b', 'c', 'd', 'e']) await world.leader.write(put(item(p, 2, { ballast: BALLAST })))
  const objects = new MemoryObjectStore()
  const busy = write(
    world,
    Array.from({ length: 30 }, (_, i) => put(item('z', i))),
    turn,
  )
  const { manifest, sealed } = await takeSnapshot(
    world.table,
    { ...world, objects, tables: UNCHANGED },
    'x/',
    () => false,
  )
  await busy
  const read = async () => {
    const again = await readManifest(objects, sealed)
    return all(itemsAt({ objects, manifest: again, time: again.time }))
  }
  const whole = await read()
  for (const { name } of [...objectsOf(manifest), sealed]) {
    const bytes = await getWhole(objects, name)
    const bad = Buffer.from(bytes)
    bad[bad.length >> 1]! ^= 4
    for (const other of [bad, bytes.subarray(1), Buffer.alloc(0)]) {
      await objects.put(name, other)
      await t.throwsAsync(read, { instanceOf: Damaged }, name)
    }
    await objects.delete(name)
    await t.throwsAsync(read, { instanceOf: Damaged }, name)
    await objects.put(name, bytes)
  }
  t.deepEqual(await read(), whole)
})

test('a stretch of the log that is not there is noticed', async t => {
  const world = await given()
  const objects = new MemoryObjectStore()
  const { manifest } = await takeSnapshot(world.table, { ...world, objects, tables: UNCHANGED }, 'x/', () => false)
  for (let i = 0; i < 6; i++) await world.leader.write(put(item('a', i)))
  const log = await wholeLog(world, objects)
  const cut: Manifest = {
    ...manifest,
    parts: [{ ...manifest.parts[0]!, log: [{ ...log, first: manifest.parts[0]!.start + 2 }] }],
  }
  const read = () => all(itemsAt({ objects, manifest: cut, time: world.clock.now() }))
  await t.throwsAsync(read, { instanceOf: Damaged, message: /are missing before/ })
})

/** All entries after the snapshot's beginning, as one segment. */
async function wholeLog({ log }: Given, objects: MemoryObjectStore) {
  const entries = await log.read(0, 1e9)
  const name = `log/${entries.length}`
  return { ...(await putSealed(objects, name, packEntries(entries))), first: 1, last: entries.length }
}

function sorted(rows: Map<string, string>): [string, string][] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
}
