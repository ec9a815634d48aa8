import { randomUUID } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import type { EtcdCluster } from '../../../scripts/cluster/etcd.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { OperatorError } from '../../../server/base/failure.ts'
import { type EtcdLogOptions, EtcdLogStore } from '../../../server/log/etcd/etcd.ts'
import { PositionConflict } from '../../../server/log/log.ts'
import { EtcdMetadata } from '../../../server/metadata/etcd/etcd.ts'
import { startEtcd, type TestCluster } from '../../helpers/cluster.ts'
import { onClusters } from '../../helpers/onclusters.ts'
import { logContract } from './contract.ts'

let cluster: TestCluster<EtcdCluster>

async function open(t: ExecutionContext, options: Omit<EtcdLogOptions, 'endpoints'>): Promise<EtcdLogStore> {
  const store = await EtcdLogStore.open({ endpoints: cluster.urls, ...options })
  t.teardown(() => store.close())
  return store
}

onClusters(() => {
  test.before(async () => {
    cluster = await startEtcd()
  })
  test.after.always(() => cluster?.remove())

  logContract(async t => {
    const prefix = `/${randomUUID()}/`
    let store = await open(t, { prefix })
    const restart = async () => {
      await store.close()
      store = await open(t, { prefix })
      return store
    }
    return { store, restart, other: () => open(t, { prefix }) }
  })

  test("an append needs the leader's key to be as it was", async t => {
    const prefix = `/${randomUUID()}/`
    const metadata = new EtcdMetadata({ endpoints: cluster.urls, prefix, leaseSeconds: 2, clock: systemClock })
    t.teardown(() => metadata.close())
    const lead = () => metadata.commit({ guards: [], puts: [{ key: 'leader', value: 'me' }] })
    await lead()
    const { version } = (await metadata.get('leader'))!
    const guard = () => ({ key: `${prefix}leader`, revision: version })
    const log = await (await open(t, { prefix, guard })).open(randomUUID(), 0)
    await log.append(Buffer.from('1'), 0)
    await lead()
    await t.throwsAsync(log.append(Buffer.from('2'), 1), { instanceOf: PositionConflict })
    await log.refresh()
    t.is(log.end(), 1)
  })

  test('a log that another process makes, and says so, while this one looks is not gone', async t => {
    const prefix = `/${randomUUID()}/`
    const [partition, other] = [randomUUID(), await open(t, { prefix })]
    const made = async (partition: string) => {
      await other.open(partition, 0)
      return true
    }
    const store = await open(t, { prefix, made })
    t.is((await store.open(partition, 0)).end(), 0)
  })

  test('a log that was made and is gone is not made again', async t => {
    const store = await open(t, { prefix: `/${randomUUID()}/`, made: async () => true })
    await t.throwsAsync(store.open(randomUUID(), 7), { instanceOf: OperatorError, message: /gone/ })
  })
})
