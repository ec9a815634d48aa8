import { randomUUID } from 'node:crypto'
import test from 'ava'
import type { EtcdCluster } from '../../../scripts/cluster/etcd.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { EtcdMetadata } from '../../../server/metadata/etcd/etcd.ts'
import { startEtcd, type TestCluster } from '../../helpers/cluster.ts'
import { onClusters } from '../../helpers/onclusters.ts'
import { metadataContract } from './contract.ts'

let cluster: TestCluster<EtcdCluster>

onClusters(() => {
  test.before(async () => {
    cluster = await startEtcd()
  })
  test.after.always(() => cluster?.remove())

  metadataContract(async t => {
    const prefix = `/${randomUUID()}/`
    const open = () => new EtcdMetadata({ endpoints: cluster.urls, prefix, leaseSeconds: 5, clock: systemClock })
    let metadata = open()
    t.teardown(() => metadata.close())
    const restart = async () => {
      await metadata.close()
      metadata = open()
      return metadata
    }
    return { metadata, restart }
  })
})
