/** A node that lives is to be found, whatever becomes of what it has said before. */
import test from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { Leasing } from '../../../server/cluster/leasing.ts'
import { Membership } from '../../../server/cluster/membership.ts'
import { type NodeRecord, nodeKey } from '../../../server/cluster/records.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { clock, until } from '../replica/fakes.ts'

const RECORD: NodeRecord = { node: 'n1', zone: 'a', pool: 'default', role: 'storage' }

test('what an earlier lease has put late takes nothing along for good', async t => {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const leasing = new Leasing(metadata, clock, silent)
  const membership = new Membership({ metadata, leasing, clock, logger: silent }, RECORD)
  const isThere = async () => (await metadata.get(nodeKey('n1'))) !== undefined
  let there = false
  const look = () => {
    void isThere().then(is => (there = is))
    return there
  }
  await leasing.start()
  await membership.start()
  t.true(await isThere())
  const earlier = await metadata.lease()
  await metadata.commit({
    guards: [],
    puts: [{ key: nodeKey('n1'), value: JSON.stringify(RECORD), lease: earlier }],
  })
  await earlier.revoke()
  await until(look)
  t.true(await isThere())

  membership.stop()
  await leasing.stop()
  await new Promise(resolve => setTimeout(resolve, 50))
  t.false(await isThere())
  await metadata.close()
})
