import { randomUUID } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import type { EtcdCluster } from '../../../scripts/cluster/etcd.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { EtcdMetadata } from '../../../server/metadata/etcd/etcd.ts'
import { startEtcd, type TestCluster } from '../../helpers/cluster.ts'
import { metadataContract } from './contract.ts'

let cluster: TestCluster<EtcdCluster>
test.before(async () => {
  cluster = await startEtcd()
})
test.after.always(() => cluster?.remove())

function connect(t: ExecutionContext, prefix = `/${randomUUID()}/`, endpoints = cluster.urls): EtcdMetadata {
  const metadata = new EtcdMetadata({ endpoints, prefix, leaseSeconds: 2, clock: systemClock })
  t.teardown(() => metadata.close())
  return metadata
}

metadataContract(async t => {
  const prefix = `/${randomUUID()}/`
  let metadata = connect(t, prefix)
  const restart = async () => {
    await metadata.close()
    metadata = connect(t, prefix)
    return metadata
  }
  return { metadata, restart }
})
