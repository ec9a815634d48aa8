import test, { type ExecutionContext } from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { onOneNode } from '../../../server/cluster/placement.ts'
import { leaderKey, PARTITIONS, type PartitionRecord } from '../../../server/cluster/records.ts'
import { TokenDirectory } from '../../../server/cluster/tokens.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { type LedPartition, settled } from '../replica/fakes.ts'
import { movableClock, Town } from '../transactions/town.ts'

const MINUTE = 60_000
const REALM = { account: '1', region: 'r' }

/** A directory whose partitions are led as they are made, and whose sweeps come when the test says so. */
async function begin(t: ExecutionContext, partitions = 2) {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  t.teardown(() => metadata.close())
  const time = movableClock()
  const sweeps: (() => void)[] = []
  const after = (ms: number, task: () => void) => {
    if (ms < 10_000) return time.clock.after(ms, task)
    sweeps.push(task)
    return () => {}
  }
  const clock = { ...time.clock, after }
  const town = new Town(t, clock)
  const lead = async (record: PartitionRecord) => {
    await town.build(record.id, record.schema)
    const leader = { node: 'n', epoch: 1, schemaVersion: 1, built: [], closed: false }
    await metadata.commit({ guards: [], puts: [{ key: leaderKey(record.id), value: JSON.stringify(leader) }] })
  }
  const unwatch = await metadata.watch(PARTITIONS, changes => {
    for (const { entry } of changes) if (entry) void lead(JSON.parse(entry.value))
  })
  t.teardown(unwatch)
  const leaders = { find: town.find }
  const make = () =>
    new TokenDirectory(
      { metadata, leaders, clock, random: systemRandom, logger: silent },
      REALM,
      onOneNode('n', partitions),
    )
  const items = () =>
    [...town.partitions.values()].reduce((sum, { leader }: LedPartition) => sum + leader.statistics().items, 0)
  const sweep = async () => {
    for (const task of sweeps.splice(0)) task()
    for (let i = 0; i < 20; i++) await settled()
  }
  return { directory: make(), make, town, time, items, sweep }
}

const token = (name: string, request = 'request') => ({ token: name, request })

test('a claim is taken once, and says what was claimed before', async t => {
  const { directory, make } = await begin(t)
  t.is(await directory.claim(token('a'), 'home'), undefined)
  t.deepEqual(await directory.claim(token('a'), 'elsewhere'), { kind: 'same', home: 'home' })
  t.deepEqual(await directory.claim(token('a', 'another'), 'home'), { kind: 'other' })
  t.is(await directory.claim(token('b', 'another'), 'home'), undefined)
  t.deepEqual(await make().claim(token('b', 'another'), 'home'), { kind: 'same', home: 'home' }, 'of another server')
})

test('of many who claim a token at once one gets it, be the directory new', async t => {
  const { directory, make } = await begin(t)
  const servers = [directory, make(), make()]
  const claims = await Promise.all(Array.from({ length: 12 }, (_, i) => servers[i % 3]!.claim(token('a'), `${i}`)))
  t.is(claims.filter(claim => claim === undefined).length, 1)
})

test('a claim can be renewed by its own request alone, and is over after a while', async t => {
  const { directory, time } = await begin(t)
  await directory.claim(token('a'), 'home')
  time.advance(10 * MINUTE)
  t.true(await directory.renew(token('a'), 'new home'))
  t.false(await directory.renew(token('a', 'another'), 'home'))
  time.advance(10 * MINUTE)
  t.deepEqual(await directory.claim(token('a'), 'x'), { kind: 'same', home: 'new home' })
  time.advance(2 * MINUTE)
  t.is(await directory.claim(token('a', 'another'), 'home'), undefined)
})

test('claims that are over are swept, others are not', async t => {
  const { directory, time, items, sweep } = await begin(t)
  directory.start()
  t.teardown(() => directory.stop())
  await sweep()
  t.is(items(), 0, 'no directory is made for a sweep')
  for (let i = 0; i < 30; i++) await directory.claim(token(`old ${i}`), 'home')
  time.advance(10 * MINUTE)
  for (let i = 0; i < 5; i++) await directory.claim(token(`new ${i}`), 'home')
  await sweep()
  t.is(items(), 35)
  time.advance(2 * MINUTE)
  await sweep()
  t.is(items(), 5)
})
