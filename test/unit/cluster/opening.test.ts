/** How a node comes by its replica of a partition. */
import test from 'ava'
import { systemClock } from '../../../server/base/clock.ts'
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { Files } from '../../../server/cluster/host/files.ts'
import { openReplica } from '../../../server/cluster/host/opening.ts'
import { Pace } from '../../../server/cluster/host/pace.ts'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import { type Metadata, MetadataUnavailable } from '../../../server/metadata/metadata.ts'
import { noNeighbours } from '../../../server/replica/standing.ts'
import { noCheckpointer } from '../../../server/store/checkpointer.ts'
import { Store } from '../../../server/store/store.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { alone, NotedIndexes } from '../replica/fakes.ts'

const RECORD = { id: 'p', tableId: 't', replicas: ['n1'] }

test('a file that could not be marked as made is closed, for it is opened again', async t => {
  let isAway = true
  let open = 0
  const metadata = {
    get: async () => undefined,
    async commit() {
      if (isAway) throw new MetadataUnavailable('away')
      return true
    },
  } as Partial<Metadata> as Metadata
  const openStore = (path: string, partition: string, tailBytes: number) => {
    open += 1
    const store = new Store(path, partition, tailBytes)
    const { close } = store
    store.close = () => {
      open -= 1
      close.call(store)
    }
    return store
  }
  const files = new Files(await tempFolder(t), metadata, 'n1')
  const ports = {
    ...{ node: 'n1', logs: new MemoryLogStore(), checkpointer: noCheckpointer, openStore, indexes: new NotedIndexes() },
    ...{
      peers: alone,
      neighbours: noNeighbours,
      files,
      followers: { durable: () => 0 },
      pace: new Pace(systemClock, 1e9),
    },
    ...{ clock: systemClock, tracer: untraced, logger: silent },
  } as unknown as Parameters<typeof openReplica>[1]
  await t.throwsAsync(openReplica(RECORD, ports), { instanceOf: MetadataUnavailable })
  t.is(open, 0)
  isAway = false
  const replica = await openReplica(RECORD, ports)
  t.is(open, 1)
  await replica.close('the test is over')
})
