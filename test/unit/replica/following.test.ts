/** A replica that follows its log. */
import test from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { LogUnavailable, type PartitionLog } from '../../../server/log/log.ts'
import { Behind } from '../../../server/replica/agreement.ts'
import { Applier } from '../../../server/replica/applier.ts'
import { Following } from '../../../server/replica/following.ts'
import { Store } from '../../../server/store/store.ts'
import { clock, until } from './fakes.ts'

test('a log that was trimmed to its end meanwhile is not waited for: the replica is behind', async t => {
  let isRefreshed = false
  const log: PartitionLog = {
    depth: 1,
    end: () => 5,
    // As an adapter knows it that has heard of the end, and not of the trimming.
    start: () => (isRefreshed ? 6 : 1),
    append: () => Promise.reject(new Error('nobody leads here')),
    async read() {
      if (!isRefreshed) throw new LogUnavailable('entry 1 is not there')
      return []
    },
    trim: () => {},
    resume: () => false,
    async refresh() {
      isRefreshed = true
    },
    wait: async () => {},
  }
  const store = new Store(':memory:', 'p')
  const broke: Error[] = []
  const ports = { partition: 'p', store, log, applier: new Applier(store), clock, logger: silent }
  const following = new Following(ports, error => broke.push(error))
  await until(() => broke.length > 0)
  t.true(broke[0] instanceof Behind)
  await following.stop()
  store.close()
})
