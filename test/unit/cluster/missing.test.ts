import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { systemClock } from '../../../server/base/clock.ts'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { PartitionHost } from '../../../server/cluster/host.ts'
import { indexPartitions } from '../../../server/cluster/leaders.ts'
import { Leasing } from '../../../server/cluster/leasing.ts'
import { partitionKey } from '../../../server/cluster/records.ts'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { noNeighbours } from '../../../server/replica/standing.ts'
import { noCheckpointer } from '../../../server/store/checkpointer.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { alone, until } from '../replica/fakes.ts'

const ID = '11111111-2222-4333-8444-555555555555'

/** A node whose log is new, as one that was trimmed whole looks after a restart. */
async function startHost(folder: string, metadata: LocalMetadata, logs = new MemoryLogStore()) {
  const leasing = new Leasing(metadata, systemClock, silent)
  await leasing.start()
  const host = new PartitionHost({
    node: 'local',
    folder,
    logs,
    metadata,
    leasing,
    neighbours: noNeighbours,
    checkpointer: noCheckpointer,
    indexes: indexPartitions(() => undefined),
    peers: alone,
    clock: systemClock,
    tracer: untraced,
    logger: silent,
  })
  await host.start()
  const close = async () => {
    await host.close()
    await leasing.stop()
  }
  return { host, close }
}

test('a partition whose file is gone is not taken for a new one', async t => {
  const folder = await tempFolder(t)
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const value = JSON.stringify({ id: ID, tableId: ID, node: 'local' })
  await metadata.commit({ guards: [], puts: [{ key: partitionKey(ID), value }] })
  await (await startHost(folder, metadata)).close()
  await (await startHost(folder, metadata)).close()
  await rm(join(folder, `${ID}.db`))
  await t.throwsAsync(startHost(folder, metadata), { name: 'OperatorError', message: /\.db is missing/ })
})

test('a partition made again after it was dropped begins empty', async t => {
  const folder = await tempFolder(t)
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const value = JSON.stringify({ id: ID, tableId: ID, node: 'local' })
  await metadata.commit({ guards: [], puts: [{ key: partitionKey(ID), value }] })
  await (await startHost(folder, metadata)).close()
  await metadata.commit({ guards: [], deletes: [partitionKey(ID)] })
  await (await startHost(folder, metadata)).close()
  await metadata.commit({ guards: [], puts: [{ key: partitionKey(ID), value }] })
  const { host, close } = await startHost(folder, metadata)
  t.is(host.leader(ID)?.statistics().items, 0)
  await close()
})

test('a partition that was dropped before it could be opened leaves nothing', async t => {
  const folder = await tempFolder(t)
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const value = JSON.stringify({ id: ID, tableId: ID, replicas: ['local', 'other'] })
  await metadata.commit({ guards: [], puts: [{ key: partitionKey(ID), value }] })
  await (await startHost(folder, metadata)).close()
  const dropped: string[] = []
  const logs = new MemoryLogStore()
  logs.open = () => Promise.reject(new Error('away'))
  logs.drop = async partition => void dropped.push(partition)
  const { close } = await startHost(folder, metadata, logs)
  t.true(existsSync(join(folder, `${ID}.db`)))
  await metadata.commit({ guards: [], deletes: [partitionKey(ID)] })
  await until(() => !existsSync(join(folder, `${ID}.db`)) && dropped.length > 0)
  t.deepEqual(dropped, [ID])
  await close()
})
