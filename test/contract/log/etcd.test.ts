import { randomUUID } from 'node:crypto'
import test from 'ava'
import type { EtcdCluster } from '../../../scripts/cluster/etcd.ts'
import { EtcdLogStore } from '../../../server/log/etcd/etcd.ts'
import { startEtcd, type TestCluster } from '../../helpers/cluster.ts'
import { logContract } from './contract.ts'

let cluster: TestCluster<EtcdCluster>
test.before(async () => {
  cluster = await startEtcd()
})
test.after.always(() => cluster?.remove())

logContract(async t => {
  const prefix = `/${randomUUID()}/`
  const open = () => EtcdLogStore.open({ endpoints: cluster.urls, prefix })
  let store = await open()
  t.teardown(() => store.close())
  const restart = async () => {
    await store.close()
    store = await open()
    return store
  }
  const other = async () => {
    const rival = await open()
    t.teardown(() => rival.close())
    return rival
  }
  return { store, restart, other }
})
