/** Tables that go while something is in the way. */
import test from 'ava'
import { LogUnavailable } from '../../../server/log/log.ts'
import { Nodes } from '../../helpers/nodes.ts'
import { until } from '../replica/fakes.ts'

test('a table goes although its logs could not be dropped at first', async t => {
  const nodes = await Nodes.start(t)
  await nodes.table('T')
  const { logs } = nodes
  const drop = logs.drop.bind(logs)
  let failures = 4
  logs.drop = partition => (failures-- > 0 ? Promise.reject(new LogUnavailable('away')) : drop(partition))
  await nodes.catalog.delete('T', () => {})
  await until(() => nodes.catalog.find('T') === undefined && logs.partitions().length === 0, 30_000)
  t.true(failures < 0)
})
