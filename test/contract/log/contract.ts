/** What every adapter of the log port must do: INV-L1 to INV-L3, and what `LogStore` promises. */
import { randomUUID } from 'node:crypto'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import {
  type LoggedEntry,
  type LogStore,
  LogUnavailable,
  type PartitionLog,
  PositionConflict,
} from '../../../server/log/log.ts'

export type LogFixture = {
  store: LogStore
  /** Closes the store and opens what it left; undefined for stores that leave nothing. */
  restart?(): Promise<LogStore>
  /** Another process's store on the same log; undefined where there can't be one. */
  other?(): Promise<LogStore>
}

const bytes = (text: string) => Buffer.from(text)
const text = ({ bytes }: LoggedEntry) => Buffer.from(bytes).toString()

/** Appends `count` entries, `1` to `count` by name, without waiting in between. */
async function fill(log: PartitionLog, count: number, size = 0): Promise<void> {
  const from = log.end()
  const appends = []
  for (let i = 1; i <= count; i++) appends.push(log.append(bytes(`${from + i}`.padEnd(size)), from + i - 1))
  await Promise.all(appends)
}

async function readAll(log: PartitionLog, maxBytes = 1e9): Promise<LoggedEntry[]> {
  const all: LoggedEntry[] = []
  for (let after = log.start() - 1; ; after = all.at(-1)!.position) {
    const page = await log.read(after, maxBytes)
    if (page.length === 0) return all
    all.push(...page)
  }
}

function isConflict(t: ExecutionContext, appended: Promise<void>): Promise<unknown> {
  return t.throwsAsync(appended, { instanceOf: PositionConflict })
}

/** `open`: a store with nothing in it, closed when the test ends. */
export function logContract(open: (t: ExecutionContext) => Promise<LogFixture>): void {
  const contract = (title: string, run: (t: ExecutionContext, fixture: LogFixture) => Promise<void>) =>
    test(title, async t => run(t, await open(t)))

  contract('a new log is empty and begins after its base', async (t, { store }) => {
    const fresh = await store.open(randomUUID(), 0)
    t.deepEqual([fresh.start(), fresh.end(), await fresh.read(0, 1000)], [1, 0, []])
    const based = await store.open(randomUUID(), 41)
    t.deepEqual([based.start(), based.end()], [42, 41])
    await isConflict(t, based.append(bytes('a'), 0))
    await based.append(bytes('b'), 41)
    t.deepEqual((await based.read(0, 1000)).map(text), ['b'])
    t.deepEqual([based.start(), based.end()], [42, 42])
  })

  contract(
    'what was appended is read back, byte for byte, at contiguous positions (INV-L2, INV-L3)',
    async (t, { store }) => {
      const log = await store.open(randomUUID(), 0)
      const bodies = [Buffer.alloc(0), Buffer.from([0, 255, 0, 1]), Buffer.alloc(3_000_000, 'x'), bytes('TVgp')]
      for (const [position, body] of bodies.entries()) await log.append(body, position)
      const entries = await readAll(log)
      t.deepEqual(
        entries.map(({ position }) => position),
        [1, 2, 3, 4],
      )
      for (const [index, entry] of entries.entries()) t.is(Buffer.compare(entry.bytes, bodies[index]!), 0)
    },
  )

  contract('an append elsewhere than at the end fails and leaves no trace (INV-L1)', async (t, { store }) => {
    const log = await store.open(randomUUID(), 0)
    await log.append(bytes('1'), 0)
    for (const expected of [0, 2, 100]) await isConflict(t, log.append(bytes('x'), expected))
    await log.append(bytes('2'), 1)
    t.deepEqual((await readAll(log)).map(text), ['1', '2'])
  })

  contract('of appends that expect the same position one wins (INV-L1)', async (t, { store }) => {
    const log = await store.open(randomUUID(), 0)
    const rivals = await Promise.allSettled(['a', 'b', 'c'].map(body => log.append(bytes(body), 0)))
    t.is(rivals.filter(({ status }) => status === 'fulfilled').length, 1)
    t.is((await readAll(log)).length, 1)
  })

  contract('appends may be pipelined, over several partitions at once', async (t, { store }) => {
    const logs = await Promise.all([0, 5, 0, 9].map(base => store.open(randomUUID(), base)))
    await Promise.all(logs.map(log => fill(log, 200)))
    for (const log of logs) {
      const entries = await readAll(log)
      t.is(entries.length, 200)
      t.deepEqual(
        entries.map(text),
        entries.map(({ position }) => `${position}`),
      )
      t.is(log.end(), entries.at(-1)!.position)
    }
  })

  contract('reads come in pages of about the bytes asked for, and of one entry at least', async (t, { store }) => {
    const log = await store.open(randomUUID(), 0)
    await fill(log, 50, 100)
    t.is((await log.read(0, 1)).length, 1)
    const page = await log.read(10, 1000)
    t.is(page[0]!.position, 11)
    t.true(page.length >= 9 && page.length <= 11)
    t.is((await readAll(log, 250)).length, 50)
    t.deepEqual(await log.read(50, 1000), [])
    t.deepEqual(await log.read(1000, 1000), [])
  })

  contract('trimming forgets the beginning only', async (t, { store }) => {
    const log = await store.open(randomUUID(), 0)
    await fill(log, 10)
    log.trim(4)
    log.trim(2)
    t.deepEqual([log.start(), log.end()], [5, 10])
    t.deepEqual(
      (await log.read(0, 1000)).map(({ position }) => position),
      [5, 6, 7, 8, 9, 10],
    )
    log.trim(99)
    t.deepEqual([log.start(), log.end()], [11, 10])
    t.deepEqual(await log.read(0, 1000), [])
    await isConflict(t, log.append(bytes('x'), 0))
    await log.append(bytes('11'), 10)
    t.deepEqual(
      (await readAll(log)).map(({ position }) => position),
      [11],
    )
  })

  contract('the size is that of the entries kept', async (t, { store }) => {
    const log = await store.open(randomUUID(), 0)
    const other = await store.open(randomUUID(), 0)
    await fill(log, 10, 100)
    await fill(other, 1, 100)
    t.is(store.size(), 1100)
    log.trim(4)
    t.is(store.size(), 700)
    log.trim(10)
    other.trim(1)
    t.is(store.size(), 0)
  })

  contract('a dropped partition leaves nothing, not even of appends under way', async (t, { store }) => {
    const [kept, dropped] = [randomUUID(), randomUUID()]
    await fill(await store.open(kept, 0), 1)
    const log = await store.open(dropped, 0)
    await fill(log, 3)
    const late = log.append(bytes('late'), 3).catch(() => {})
    await store.drop(dropped)
    await late
    t.deepEqual(store.partitions(), [kept])
    t.is(store.size(), 1)
    const again = await store.open(dropped, 0)
    t.deepEqual([again.start(), again.end()], [1, 0])
    await store.drop(randomUUID())
  })

  contract('opening a partition twice shows one log', async (t, { store }) => {
    const partition = randomUUID()
    await fill(await store.open(partition, 0), 3)
    const log = await store.open(partition, 2)
    t.deepEqual([log.start(), log.end()], [1, 3])
    await log.append(bytes('4'), 3)
  })

  contract(
    'restarts lose nothing that was appended, and bring back at most what was trimmed (INV-L2)',
    async (t, fixture) => {
      if (!fixture.restart) return void t.pass()
      const [whole, trimmed, gone] = [randomUUID(), randomUUID(), randomUUID()]
      let store = fixture.store
      await fill(await store.open(whole, 0), 5)
      const log = await store.open(trimmed, 0)
      await fill(log, 5)
      log.trim(3)
      await fill(await store.open(gone, 0), 5)
      for (let restarts = 0; restarts < 2; restarts++) {
        store = await fixture.restart()
        t.deepEqual((await readAll(await store.open(whole, 0))).map(text), ['1', '2', '3', '4', '5'])
        const rest = await store.open(trimmed, 3)
        t.is(rest.end(), 5)
        t.true(rest.start() <= 4)
        t.deepEqual((await rest.read(3, 1000)).map(text), ['4', '5'])
      }
      t.true(store.partitions().includes(gone))
      const more = await store.open(whole, 5)
      await isConflict(t, more.append(bytes('x'), 4))
      await more.append(bytes('6'), 5)
      const again = await (await fixture.restart()).open(whole, 5)
      t.deepEqual((await readAll(again)).map(text), ['1', '2', '3', '4', '5', '6'])
    },
  )

  contract('a closed log takes no more appends', async (t, { store, restart }) => {
    if (!restart) return void t.pass()
    const log = await store.open(randomUUID(), 0)
    const last = log.append(bytes('1'), 0)
    await restart()
    await last
    await t.throwsAsync(log.append(bytes('2'), 1), { instanceOf: LogUnavailable })
  })

  contract('who waits for an entry is told of it, and at once if it is there', async (t, { store }) => {
    const log = await store.open(randomUUID(), 3)
    let woken = 0
    const waits = [3, 3, 4].map(after => log.wait(after).then(() => woken++))
    await setImmediate()
    t.is(woken, 0)
    await log.append(bytes('4'), 3)
    await Promise.all(waits.slice(0, 2))
    await log.wait(3)
    await setImmediate()
    t.is(woken, 2)
    await log.append(bytes('5'), 4)
    await waits[2]
  })

  contract('a wait ends by its signal, and with the partition', async (t, { store }) => {
    const partition = randomUUID()
    const log = await store.open(partition, 0)
    const abort = new AbortController()
    const waits = [log.wait(0, abort.signal), log.wait(0, new AbortController().signal)]
    abort.abort(new Error('enough'))
    await t.throwsAsync(waits[0]!, { message: 'enough' })
    await t.throwsAsync(log.wait(0, abort.signal), { message: 'enough' })
    const dropped = t.throwsAsync(waits[1]!, { instanceOf: LogUnavailable })
    await store.drop(partition)
    await dropped
  })

  contract('another process follows what is appended and trimmed here', async (t, { store, other }) => {
    if (!other) return void t.pass()
    const partition = randomUUID()
    const log = await store.open(partition, 0)
    await fill(log, 3)
    const follower = await (await other()).open(partition, 0)
    t.deepEqual([follower.start(), follower.end()], [1, 3])
    const seen: string[] = []
    const follow = async () => {
      for (let position = 0; position < 60; ) {
        await follower.wait(position)
        for (const entry of await follower.read(position, 500)) {
          t.is(entry.position, position + 1)
          position = entry.position
          seen.push(text(entry))
        }
      }
    }
    const following = follow()
    for (let i = 0; i < 10; i++) await fill(log, 3)
    await fill(log, 27)
    await following
    t.deepEqual(
      seen,
      Array.from({ length: 60 }, (_, i) => `${i + 1}`),
    )
    t.is(follower.end(), 60)
    log.trim(10)
    for (let i = 0; i < 200 && follower.start() === 1; i++) {
      await follower.refresh()
      await sleep(20)
    }
    t.is(follower.start(), 11)
    t.is((await follower.read(0, 1))[0]!.position, 11)
  })

  contract('of two processes that append, one is deposed, and may go on from there (INV-L1)', async (t, fixture) => {
    if (!fixture.other) return void t.pass()
    const partition = randomUUID()
    const log = await fixture.store.open(partition, 0)
    await fill(log, 3)
    const rival = await (await fixture.other()).open(partition, 0)
    await rival.append(bytes('rival'), 3)
    const deposed = ['a', 'b', 'c'].map((body, i) => log.append(bytes(body), 3 + i))
    for (const append of deposed) await isConflict(t, append)
    await log.refresh()
    t.is(log.end(), 4)
    await log.append(bytes('back'), 4)
    await isConflict(t, rival.append(bytes('late'), 4))
    await rival.refresh()
    t.deepEqual((await readAll(rival)).map(text), ['1', '2', '3', 'rival', 'back'])
  })

  contract('who is told where the log ends appends there without asking, and nowhere else', async (t, fixture) => {
    if (!fixture.other) return void t.pass()
    const partition = randomUUID()
    const log = await fixture.store.open(partition, 0)
    await fill(log, 3)
    const heir = await (await fixture.other()).open(partition, 0)
    await fill(log, 2)
    await heir.wait(4)
    if (!heir.resume(5)) await heir.refresh()
    await heir.append(bytes('heir'), 5)
    t.false(heir.resume(5), 'it knows more')
    if (log.resume(5)) await isConflict(t, log.append(bytes('late'), 5))
    await log.refresh()
    t.true(log.resume(6))
    await log.append(bytes('back'), 6)
    await heir.refresh()
    t.deepEqual((await readAll(heir)).map(text), ['1', '2', '3', '4', '5', 'heir', 'back'])
  })

  contract('behaves like a list that forgets its beginning', async (t, { store }) => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), sizes: fc.array(fc.nat(300), { minLength: 1, maxLength: 8 }) }),
      fc.record({
        kind: fc.constant('conflict' as const),
        offset: fc.integer({ min: -5, max: 5 }).filter(n => n !== 0),
      }),
      fc.record({ kind: fc.constant('trim' as const), share: fc.double({ min: 0, max: 1.2, noNaN: true }) }),
      fc.record({ kind: fc.constant('read' as const), after: fc.nat(40), maxBytes: fc.integer({ min: 1, max: 2000 }) }),
    )
    const base = fc.nat(5)
    const property = fc.asyncProperty(base, fc.array(step, { maxLength: 20 }), async (base, steps) => {
      const log = await store.open(randomUUID(), base)
      const model = new Map<number, Buffer>()
      let [start, end] = [base + 1, base]
      for (const step of steps) {
        if (step.kind === 'append') {
          const appends = step.sizes.map(size => {
            const body = Buffer.alloc(size, `${end + 1}.`)
            model.set(end + 1, body)
            return log.append(body, end++)
          })
          await Promise.all(appends)
        } else if (step.kind === 'conflict') {
          await isConflict(t, log.append(bytes('x'), end + step.offset))
        } else if (step.kind === 'trim') {
          const upTo = Math.floor((end - start + 1) * step.share) + start - 1
          log.trim(upTo)
          for (; start <= Math.min(upTo, end); start++) model.delete(start)
        } else {
          const found = await log.read(step.after, step.maxBytes)
          const first = Math.max(step.after + 1, start)
          if (first > end) t.deepEqual(found, [])
          else t.true(found.length > 0)
          for (const [index, entry] of found.entries()) {
            t.is(entry.position, first + index)
            t.is(Buffer.compare(entry.bytes, model.get(entry.position)!), 0)
          }
        }
        if (log.start() !== start || log.end() !== end) t.fail(`${log.start()}..${log.end()}, not ${start}..${end}`)
      }
    })
    await fc.assert(property, { numRuns: 30 })
  })
}
