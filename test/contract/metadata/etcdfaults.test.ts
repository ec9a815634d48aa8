/** Metadata on etcd while etcd's members die, stand still, and forget old revisions. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { EtcdCluster } from '../../../scripts/cluster/etcd.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { EtcdMetadata } from '../../../server/metadata/etcd/etcd.ts'
import { MetadataUnavailable } from '../../../server/metadata/metadata.ts'
import { startEtcd, type TestCluster } from '../../helpers/cluster.ts'
import { onClusters } from '../../helpers/onclusters.ts'

const LEASE_MS = 5000

let cluster: TestCluster<EtcdCluster>

function connect(t: ExecutionContext, prefix: string): EtcdMetadata {
  const options = { endpoints: cluster.urls, prefix, leaseSeconds: LEASE_MS / 1000, clock: systemClock }
  const metadata = new EtcdMetadata(options)
  t.teardown(() => metadata.close())
  return metadata
}

/** Puts a value, however often that takes. */
async function put(metadata: EtcdMetadata, key: string, value: string): Promise<void> {
  for (const end = performance.now() + 20_000; ; ) {
    try {
      await metadata.commit({ guards: [], puts: [{ key, value }] })
      return
    } catch (error) {
      if (!(error instanceof MetadataUnavailable) || performance.now() > end) throw error
    }
  }
}

/** What a watch has told, by key. */
async function watched(metadata: EtcdMetadata): Promise<Map<string, string>> {
  const state = new Map<string, string>()
  await metadata.watch('', changes => {
    for (const { key, entry } of changes) {
      if (entry) state.set(key, entry.value)
      else state.delete(key)
    }
  })
  return state
}

async function until(t: ExecutionContext, holds: () => boolean, ms = 10_000): Promise<void> {
  for (const end = performance.now() + ms; !holds() && performance.now() < end; ) await sleep(10)
  t.true(holds())
}

/** Makes etcd forget all revisions up to now. */
async function compact(): Promise<void> {
  const ask = (path: string, body: object) =>
    fetch(`${cluster.urls[0]}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const { header } = (await (await ask('range', { key: 'AA==' })).json()) as { header: { revision: string } }
  await ask('compaction', { revision: header.revision, physical: true })
}

onClusters(() => {
  test.before(async () => {
    cluster = await startEtcd()
  })
  test.after.always(() => cluster?.remove())

  test.serial('watches and leases outlive each member, and see last states over compaction', async t => {
    const prefix = `/${randomUUID()}/`
    const [writer, reader] = [connect(t, prefix), connect(t, prefix)]
    const [state, lease] = [await watched(reader), await reader.lease()]
    await reader.commit({ guards: [], puts: [{ key: 'leased', value: 'x', lease }] })
    await put(writer, 'deleted', 'x')
    for (const member of cluster.members) {
      await member.kill()
      await put(writer, 'key', `without ${member.name}`)
      await writer.commit({ guards: [], deletes: ['deleted'] }).catch(() => {})
      await member.start()
      await compact()
      await until(t, () => state.get('key') === `without ${member.name}` && !state.has('deleted'))
    }
    t.false(lease.lost.aborted)
    t.true(state.has('leased'))
  })

  test.serial('a member that stands still is left for another one', async t => {
    const prefix = `/${randomUUID()}/`
    const [writer, reader] = [connect(t, prefix), connect(t, prefix)]
    const [state, lease] = [await watched(reader), await reader.lease()]
    for (const [i, member] of cluster.members.entries()) {
      member.freeze()
      await put(writer, 'key', `${i}`)
      await until(t, () => state.get('key') === `${i}`)
      member.resume()
      await member.serves()
    }
    t.false(lease.lost.aborted)
  })

  test.serial('without etcd, a lease is lost in time, and nothing hangs', async t => {
    const prefix = `/${randomUUID()}/`
    const metadata = connect(t, prefix)
    const [state, lease] = [await watched(metadata), await metadata.lease()]
    await metadata.commit({ guards: [], puts: [{ key: 'leased', value: 'x', lease }] })
    let lostAt = 0
    lease.lost.addEventListener('abort', () => (lostAt = performance.now()))
    for (const member of cluster.members) member.freeze()
    const frozenAt = performance.now()
    // A signal takes a moment; what was on its way is answered yet.
    await sleep(100)
    const lastValid = lease.validUntil()
    const commit = metadata.commit({ guards: [], puts: [{ key: 'key', value: '1' }] })
    await Promise.all(
      [metadata.get('key'), commit].map(lost => t.throwsAsync(lost, { instanceOf: MetadataUnavailable })),
    )
    t.true(lostAt > 0 && lostAt - frozenAt < LEASE_MS + 200, `${lostAt - frozenAt}`)
    t.true(lostAt >= lastValid - 5)
    t.is(lease.validUntil(), 0)
    for (const member of cluster.members) member.resume()
    await until(t, () => !state.has('leased'), 15_000)
    await put(metadata, 'key', '2')
    await until(t, () => state.get('key') === '2')
  })
})
