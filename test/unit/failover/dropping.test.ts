/** Tables that go while something is in the way. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { PARTITIONS } from '../../../server/cluster/records.ts'
import { LogUnavailable } from '../../../server/log/log.ts'
import { Nodes } from '../../helpers/nodes.ts'
import { tempFolder } from '../../helpers/temp.ts'
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

test('a table that goes while a node starts leaves no file there', async t => {
  const root = await tempFolder(t)
  const folder = (node: string) => {
    mkdirSync(join(root, node), { recursive: true })
    return join(root, node)
  }
  const nodes = await Nodes.start(t, { folder })
  const { partitions } = await nodes.table('T')
  const files = partitions.map(({ id }) => join(root, 'n2', `${id}.db`))
  await until(() => files.every(existsSync))
  await nodes.stop('n2')
  const { metadata } = nodes
  const list = metadata.list.bind(metadata)
  let isAsked = false
  metadata.list = async prefix => {
    const found = await list(prefix)
    if (prefix !== PARTITIONS || isAsked) return found
    isAsked = true
    await goes()
    return found
  }
  const goes = async () => {
    await nodes.catalog.delete('T', () => {})
    while ((await list(PARTITIONS)).length > 0) await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.true(files.every(existsSync))
  await nodes.run('n2')
  t.true(isAsked)
  await until(() => !files.some(existsSync), 30_000)
})
