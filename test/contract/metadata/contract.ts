/** What every adapter of the metadata port must do: INV-M1 to INV-M4. */
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { LeaseLost, type Metadata, type MetadataChange } from '../../../server/metadata/metadata.ts'

export type MetadataFixture = {
  metadata: Metadata
  /** Ends the process's share of the store, and begins anew; undefined for stores that leave nothing. */
  restart?(): Promise<Metadata>
}

/** Collects what a watch tells. */
function recorder() {
  const calls: MetadataChange[][] = []
  const state = new Map<string, string>()
  const listener = (changes: MetadataChange[]) => {
    calls.push(changes)
    for (const { key, entry } of changes) {
      if (entry) state.set(key, entry.value)
      else state.delete(key)
    }
  }
  return { calls, state, listener }
}

/** Waits for what a watch is told some time later. */
async function until(t: ExecutionContext, holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds() && waited < 3000; waited += 5) await delay(5)
  t.true(holds())
}

const put = (metadata: Metadata, key: string, value: string) => metadata.commit({ guards: [], puts: [{ key, value }] })
const versionOf = async (metadata: Metadata, key: string) => (await metadata.get(key))?.version ?? 0

/** `open`: a store with nothing in it, closed when the test ends. */
export function metadataContract(open: (t: ExecutionContext) => Promise<MetadataFixture>): void {
  const contract = (title: string, run: (t: ExecutionContext, fixture: MetadataFixture) => Promise<void>) =>
    test(title, async t => run(t, await open(t)))

  contract('what was put is got and listed, in key order', async (t, { metadata }) => {
    for (const key of ['b/2', 'a/1', 'b/10', 'b/1', 'c']) await put(metadata, key, `value of ${key}`)
    t.is((await metadata.get('b/1'))!.value, 'value of b/1')
    t.is(await metadata.get('b'), undefined)
    t.deepEqual(
      (await metadata.list('b/')).map(({ key }) => key),
      ['b/1', 'b/10', 'b/2'],
    )
    t.is((await metadata.list('')).length, 5)
    t.deepEqual(await metadata.list('x'), [])
  })

  contract('a commit takes effect whole, or, if a guard fails, not at all (INV-M1)', async (t, { metadata }) => {
    await put(metadata, 'a', '1')
    const version = await versionOf(metadata, 'a')
    const change = {
      puts: [
        { key: 'a', value: '2' },
        { key: 'b', value: '2' },
      ],
      deletes: ['c'],
    }
    await put(metadata, 'c', '1')
    t.false(
      await metadata.commit({
        guards: [
          { key: 'a', version },
          { key: 'b', version: 7 },
        ],
        ...change,
      }),
    )
    t.false(await metadata.commit({ guards: [{ key: 'a', version: 0 }], ...change }))
    t.deepEqual(
      (await metadata.list('')).map(({ value }) => value),
      ['1', '1'],
    )
    t.true(
      await metadata.commit({
        guards: [
          { key: 'a', version },
          { key: 'b', version: 0 },
        ],
        ...change,
      }),
    )
    t.deepEqual(
      (await metadata.list('')).map(({ key, value }) => key + value),
      ['a2', 'b2'],
    )
  })

  contract('of those who compare and swap at the same time, none is lost (INV-M1)', async (t, { metadata }) => {
    const increment = async () => {
      while (true) {
        const entry = await metadata.get('count')
        const value = `${Number(entry?.value ?? 0) + 1}`
        const guards = [{ key: 'count', version: entry?.version ?? 0 }]
        if (await metadata.commit({ guards, puts: [{ key: 'count', value }] })) return
      }
    }
    await Promise.all(Array.from({ length: 20 }, increment))
    t.is((await metadata.get('count'))!.value, '20')
  })

  contract('versions grow, also over deletion (INV-M2)', async (t, { metadata }) => {
    await put(metadata, 'a', 'same')
    const first = await versionOf(metadata, 'a')
    await put(metadata, 'a', 'same')
    const second = await versionOf(metadata, 'a')
    t.true(first > 0 && second > first)
    t.true(await metadata.commit({ guards: [{ key: 'a', version: second }], deletes: ['a'] }))
    t.true(await metadata.commit({ guards: [{ key: 'a', version: 0 }], puts: [{ key: 'a', value: 'same' }] }))
    t.true((await versionOf(metadata, 'a')) > second)
    for (const version of [first, second])
      t.false(await metadata.commit({ guards: [{ key: 'a', version }], deletes: ['a'] }))
  })

  contract('a watch begins with what is there, then tells what changes (INV-M3)', async (t, { metadata }) => {
    await put(metadata, 'w/1', 'a')
    await put(metadata, 'x/1', 'a')
    const { calls, state, listener } = recorder()
    const end = await metadata.watch('w/', listener)
    t.deepEqual(
      calls.map(changes => changes.map(({ key }) => key)),
      [['w/1']],
    )
    await put(metadata, 'x/1', 'b')
    await put(metadata, 'w/2', 'b')
    await metadata.commit({ guards: [], puts: [{ key: 'w/3', value: 'c' }], deletes: ['w/1', 'w/none'] })
    await until(t, () => state.get('w/3') === 'c' && !state.has('w/1'))
    t.deepEqual(
      [...state],
      [
        ['w/2', 'b'],
        ['w/3', 'c'],
      ],
    )
    t.false(calls.flat().some(({ key }) => !key.startsWith('w/') || key === 'w/none'))
    end()
    await put(metadata, 'w/4', 'd')
    await delay(20)
    t.false(state.has('w/4'))
  })

  contract('a watch of nothing begins with an empty call', async (t, { metadata }) => {
    const { calls, listener } = recorder()
    await metadata.watch('none/', listener)
    t.deepEqual(calls, [[]])
  })

  contract('a watch misses nothing that is committed while it begins (INV-M3)', async (t, { metadata }) => {
    for (let round = 0; round < 20; round++) {
      const { state, listener } = recorder()
      const before = put(metadata, `r${round}/before`, '1')
      const watching = metadata.watch(`r${round}/`, listener)
      const after = put(metadata, `r${round}/after`, '1')
      await Promise.all([before, watching, after])
      await until(t, () => state.size === 2)
    }
  })

  contract('a watch sees the changes of a key in order, and each watch sees them (INV-M3)', async (t, { metadata }) => {
    const watches = [recorder(), recorder()]
    for (const { listener } of watches) await metadata.watch('k', listener)
    for (let value = 1; value <= 50; value++) await put(metadata, 'k', `${value}`)
    for (const { calls, state } of watches) {
      await until(t, () => state.get('k') === '50')
      const versions = calls.flat().map(({ entry }) => entry!.version)
      t.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      )
    }
  })

  contract('a listener that commits in its first call is told of it (INV-M3)', async (t, { metadata }) => {
    await put(metadata, 'step', '1')
    const { state, listener } = recorder()
    let committed = false
    await metadata.watch('step', changes => {
      listener(changes)
      if (!committed) void put(metadata, 'step', '2')
      committed = true
    })
    await until(t, () => state.get('step') === '2')
  })

  contract('a listener may commit in its turn', async (t, { metadata }) => {
    await metadata.watch('ping', changes => {
      if (changes.some(({ entry }) => entry)) void put(metadata, 'pong', 'x')
    })
    await put(metadata, 'ping', '1')
    const { state, listener } = recorder()
    await metadata.watch('pong', listener)
    await until(t, () => state.has('pong'))
  })

  contract("a lease's keys go with it, and watches are told (INV-M4)", async (t, { metadata }) => {
    const { state, listener } = recorder()
    await metadata.watch('l/', listener)
    const [lease, other] = [await metadata.lease(), await metadata.lease()]
    t.false(lease.lost.aborted)
    t.not(lease.id, other.id)
    await metadata.commit({
      guards: [],
      puts: [
        { key: 'l/mine', value: '1', lease },
        { key: 'l/other', value: '1', lease: other },
        { key: 'l/free', value: '1' },
      ],
    })
    await until(t, () => state.size === 3)
    await lease.revoke()
    t.true(lease.lost.aborted)
    t.deepEqual(
      (await metadata.list('l/')).map(({ key }) => key),
      ['l/free', 'l/other'],
    )
    await until(t, () => state.size === 2)
    t.false(other.lost.aborted)
  })

  contract('the holder of a lease knows until when nobody else can see it as over', async (t, { metadata }) => {
    const lease = await metadata.lease()
    const first = lease.validUntil()
    t.true(first > performance.now())
    await delay(1200)
    t.true(lease.validUntil() > performance.now())
    t.true(first === Number.POSITIVE_INFINITY || lease.validUntil() > first)
    t.false(lease.lost.aborted)
    await lease.revoke()
    t.true(lease.validUntil() <= performance.now())
  })

  contract('a lease that is over binds nothing any more (INV-M4)', async (t, { metadata }) => {
    const lease = await metadata.lease()
    await lease.revoke()
    const commit = metadata.commit({
      guards: [],
      puts: [
        { key: 'a', value: '1', lease },
        { key: 'b', value: '1' },
      ],
    })
    await t.throwsAsync(commit, { instanceOf: LeaseLost })
    t.deepEqual(await metadata.list(''), [])
  })

  contract('a key is bound by its last put (INV-M4)', async (t, { metadata }) => {
    const [lease, other] = [await metadata.lease(), await metadata.lease()]
    for (const key of ['freed', 'given', 'deleted'])
      await metadata.commit({ guards: [], puts: [{ key, value: '1', lease }] })
    await put(metadata, 'freed', '2')
    await metadata.commit({ guards: [], puts: [{ key: 'given', value: '2', lease: other }] })
    await metadata.commit({ guards: [], deletes: ['deleted'] })
    await put(metadata, 'deleted', '2')
    await lease.revoke()
    t.deepEqual(
      (await metadata.list('')).map(({ key }) => key),
      ['deleted', 'freed', 'given'],
    )
    await other.revoke()
    t.deepEqual(
      (await metadata.list('')).map(({ key }) => key),
      ['deleted', 'freed'],
    )
  })

  contract(
    'a restart keeps what is bound to no lease, and its versions (INV-M2, INV-M4)',
    async (t, { metadata, restart }) => {
      if (!restart) return void t.pass()
      const lease = await metadata.lease()
      for (const key of ['a', 'b', 'gone', 'bound']) await put(metadata, key, '1')
      await metadata.commit({
        guards: [],
        puts: [
          { key: 'leased', value: '1', lease },
          { key: 'bound', value: '2', lease },
        ],
      })
      await put(metadata, 'b', '2')
      await metadata.commit({ guards: [], deletes: ['gone'] })
      const before = await metadata.list('')
      const again = await restart()
      t.deepEqual(
        await again.list(''),
        before.filter(({ key }) => key === 'a' || key === 'b'),
      )
      await put(again, 'a', '2')
      t.true((await versionOf(again, 'a')) > before.find(({ key }) => key === 'b')!.version)
    },
  )
}
