/** Leaders that die, freeze, and lose their leases, under load. */
import test from 'ava'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { Nodes } from '../../helpers/nodes.ts'
import { globalIndex } from '../cluster/given.ts'
import { item, put } from '../partition/given.ts'
import { clock, until } from '../replica/fakes.ts'
import { Clients, request } from './clients.ts'

const byOwner = () =>
  globalIndex('byOwner', {
    keySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
    partitions: [],
    status: 'CREATING',
  })

/** Whatever else the machine does. */
const PATIENCE_MS = 30_000
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const KEY = put(item('z', 1)).key

test.serial('a killed node: others lead, and nothing acknowledged is lost', async t => {
  const nodes = await Nodes.start(t)
  const table = await nodes.table('T', [byOwner()])
  const clients = new Clients(t, nodes, table, 1)
  for (let round = 0; round < 3; round++) {
    await sleep(400)
    const { id } = table.partitions[0]!
    const { name } = nodes.leading(id)!
    const start = clock.monotonic()
    await nodes.kill(name)
    await until(() => nodes.leader(id) !== undefined && nodes.leading(id)!.name !== name, PATIENCE_MS)
    t.log(`led again after ${Math.round(clock.monotonic() - start)} ms, with leases of 400`)
    t.true(clock.monotonic() - start < 3000 + clients.stalled)
    await sleep(300)
    await nodes.run(name)
  }
  await clients.verify(t)
})

test.serial('a node that leaves hands over: no request fails, and none waits long', async t => {
  const nodes = await Nodes.start(t)
  const table = await nodes.table('T', [byOwner()])
  const clients = new Clients(t, nodes, table, 2)
  for (let round = 0; round < 4; round++) {
    await sleep(300)
    const { name } = nodes.leading(table.partitions[0]!.id)!
    await nodes.stop(name)
    await sleep(200)
    await nodes.run(name)
  }
  await clients.verify(t)
  t.deepEqual(clients.errors, [])
  t.true(clients.slowest < 200 + clients.stalled, `${clients.slowest} ms`)
})

test.serial('a leader that was frozen for longer than its lease answers nothing stale, and follows', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 1 })
  const table = await nodes.table('T')
  const clients = new Clients(t, nodes, table, 3)
  await sleep(200)
  const { id } = table.partitions[0]!
  const old = nodes.leading(id)!
  const leader = old.host.leader(id)!
  await request(nodes, table, 'z', { kind: 'put', value: 'before' })
  old.fate.freeze()
  await until(
    () => nodes.leading(id) !== undefined && nodes.leading(id) !== old && nodes.leader(id) !== undefined,
    PATIENCE_MS,
  )
  await request(nodes, table, 'z', { kind: 'put', value: 'after' })
  // What came in while it was frozen is looked at before any timer, or any message of others.
  t.is(old.host.leader(id), leader, 'it does not know yet')
  t.throws(() => leader.get(KEY), { instanceOf: NotLeading })
  t.throws(() => leader.range({ from: Buffer.of(0), to: Buffer.of(255), maxBytes: 1 }), { instanceOf: NotLeading })
  const values = { ConditionExpression: 'attribute_not_exists(p)' }
  await t.throwsAsync(leader.write(put(item('z', 1), values)), { instanceOf: NotLeading }, 'a refusal rests on reading')
  const changes = { label: 'l', from: 0n, limit: 1, maxBytes: 1 }
  t.throws(() => leader.changes.read(changes), { instanceOf: NotLeading })
  t.throws(() => leader.changes.shard('l'), { instanceOf: NotLeading })
  t.throws(() => leader.transactions.read([KEY], false), { instanceOf: NotLeading })
  t.throws(() => leader.transactions.holds([{ transaction: 't', ticket: '1' }]), { instanceOf: NotLeading })
  const check = { transaction: 't', actions: [put(item('z', 1), values)], token: undefined }
  await t.throwsAsync(leader.transactions.check(check), { instanceOf: NotLeading })
  const late = leader.write(put(item('z', 1, { v: { S: 'late' } })))
  old.fate.thaw()
  await t.throwsAsync(late, { instanceOf: NotLeading }, 'it appends nothing')
  await until(() => old.host.leader(id) === undefined, PATIENCE_MS)
  const { applied } = nodes.leading(id)!.host.replica(id)!.standing
  await until(() => old.host.replica(id)!.standing.applied >= applied, PATIENCE_MS)
  await clients.verify(t)
})

test.serial('the metadata can not be reached for a while: leaders stop in time, and go on by themselves', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 1 })
  const table = await nodes.table('T')
  const clients = new Clients(t, nodes, table, 4)
  await sleep(200)
  const { id } = table.partitions[0]!
  const leader = nodes.leader(id)!
  nodes.reach.down = true
  t.notThrows(() => leader.get(KEY), 'a live lease is enough')
  await until(() => !leader.leads, PATIENCE_MS)
  t.throws(() => leader.get(KEY), { instanceOf: NotLeading })
  await sleep(300)
  nodes.reach.down = false
  await until(() => nodes.leader(id) !== undefined, PATIENCE_MS)
  await request(nodes, table, 'z', { kind: 'put', value: 'again' })
  await clients.verify(t)
})

test.serial('a replica lags, but never goes back', async t => {
  const nodes = await Nodes.start(t, { partitionsPerTable: 1 })
  const table = await nodes.table('T')
  const { id } = table.partitions[0]!
  const follower = [...nodes.running.values()].find(node => node !== nodes.leading(id))!
  let going = true
  const seen: number[] = []
  const reader = nodes.reader(follower.name, id)
  const reading = (async () => {
    while (going) {
      const image = await reader.get(put(item('n', 1)).key)
      if (image) seen.push(Number((JSON.parse(image.json) as { v: { N: string } }).v.N))
      await sleep(1)
    }
  })()
  for (let i = 0; i < 200; i++) {
    await request(nodes, table, 'n', { kind: 'add', by: 1 })
    if (i === 100) await nodes.kill(nodes.leading(id)!.name)
  }
  await until(() => seen.at(-1) === 200, PATIENCE_MS)
  going = false
  await reading
  t.true(seen.length > 50)
  t.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  )
})

test.serial('the background work goes on elsewhere when its process dies', async t => {
  const nodes = await Nodes.start(t)
  await nodes.kill('n0')
  const table = await nodes.table('T', [byOwner()])
  t.is(table.status, 'ACTIVE')
})
