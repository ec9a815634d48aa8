import { randomUUID } from 'node:crypto'
import test from 'ava'
import type { NatsCluster } from '../../../scripts/cluster/nats.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { JetStreamLogStore } from '../../../server/log/jetstream/jetstream.ts'
import { startNats, type TestCluster } from '../../helpers/cluster.ts'
import { logContract } from './contract.ts'

let cluster: TestCluster<NatsCluster>
test.before(async () => {
  cluster = await startNats()
})
test.after.always(() => cluster?.remove())

logContract(async t => {
  const prefix = randomUUID()
  const open = () => JetStreamLogStore.open({ servers: cluster.urls, prefix, replicas: 3, clock: systemClock })
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
