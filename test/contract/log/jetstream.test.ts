import { randomUUID } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import type { NatsCluster } from '../../../scripts/cluster/nats.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { OperatorError } from '../../../server/base/failure.ts'
import { type JetStreamLogOptions, JetStreamLogStore } from '../../../server/log/jetstream/jetstream.ts'
import { LogUnavailable } from '../../../server/log/log.ts'
import { startNats, type TestCluster } from '../../helpers/cluster.ts'
import { onClusters } from '../../helpers/onclusters.ts'
import { logContract } from './contract.ts'

let cluster: TestCluster<NatsCluster>

type Options = Pick<JetStreamLogOptions, 'prefix' | 'made'>

async function open(t: ExecutionContext, options: Options): Promise<JetStreamLogStore> {
  const settings = { servers: cluster.urls, replicas: 3, clock: systemClock }
  const store = await JetStreamLogStore.open({ ...settings, ...options })
  t.teardown(() => store.close())
  return store
}

onClusters(() => {
  test.before(async () => {
    cluster = await startNats()
  })
  test.after.always(() => cluster?.remove())

  logContract(async t => {
    const prefix = randomUUID()
    let store = await open(t, { prefix })
    const restart = async () => {
      await store.close()
      store = await open(t, { prefix })
      return store
    }
    return { store, restart, other: () => open(t, { prefix }) }
  })

  test('a stream that another process makes, and says so, while this one looks is not gone', async t => {
    const prefix = randomUUID()
    const [partition, other] = [randomUUID(), await open(t, { prefix })]
    const made = async (partition: string) => {
      await other.open(partition, 0)
      return true
    }
    const store = await open(t, { prefix, made })
    t.is((await store.open(partition, 0)).end(), 0)
  })

  test('a stream that was made and is gone is not made again', async t => {
    const store = await open(t, { prefix: randomUUID(), made: async () => true })
    await t.throwsAsync(store.open(randomUUID(), 7), { instanceOf: OperatorError, message: /gone/ })
  })

  test('an entry of 8 MB fits; one that is too large is refused at once', async t => {
    const log = await (await open(t, { prefix: randomUUID() })).open(randomUUID(), 0)
    await log.append(Buffer.alloc(8_000_000, 'x'), 0)
    t.is((await log.read(0, 1))[0]!.bytes.length, 8_000_000)
    await t.throwsAsync(log.append(Buffer.alloc(20_000_000), 1), { instanceOf: LogUnavailable, message: /max_payload/ })
    await log.refresh()
    await log.append(Buffer.from('2'), 1)
  })
})
