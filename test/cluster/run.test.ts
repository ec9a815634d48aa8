/** `npm run cluster`: real etcd, real NATS, and Tavola's processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { freePorts } from '../../scripts/cluster/ports.ts'
import type { ProcessRecord } from '../../scripts/cluster/tavola.ts'
import { onClusters } from '../helpers/onclusters.ts'
import { tempFolder } from '../helpers/temp.ts'

const MAIN = fileURLToPath(new URL('../../scripts/cluster/run.ts', import.meta.url))
/** From the first port on. */
const PORTS = 60

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

await onClusters(() => {
  test('a cluster serves, outlives a storage node, and ends on Ctrl-C', async t => {
    const [folder, port] = [await tempFolder(t), await freePorts(PORTS)]
    const child = spawn(process.execPath, [MAIN, '--port', `${port}`, '--data-dir', folder], { detached: true })
    const exit = once(child, 'exit')
    t.teardown(async () => {
      child.kill('SIGKILL')
      await exit
    })
    let said = ''
    child.stderr.on('data', chunk => (said += chunk))
    child.stdout.on('data', chunk => (said += chunk))
    while (!said.includes('Try:') && child.exitCode === null) await new Promise(resolve => setTimeout(resolve, 50))
    t.regex(said, new RegExp(`on http://127.0.0.1:${port} and http://127.0.0.1:${port + 1}`))

    const list = JSON.parse(await readFile(join(folder, 'cluster.json'), 'utf8')) as { processes: ProcessRecord[] }
    const of = (role: string) => list.processes.filter(process => process.role === role)
    t.deepEqual(
      ['storage', 'server', 'etcd', 'nats'].map(of).map(({ length }) => length),
      [3, 2, 3, 3],
    )
    t.deepEqual(
      of('storage').map(({ zone }) => zone),
      ['zone-1', 'zone-2', 'zone-3'],
    )
    for (const { pid } of list.processes) t.true(isAlive(pid!))

    const [first, second] = of('server').map(({ address: endpoint }) => {
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
      const db = new DynamoDB({ endpoint, region: 'us-east-1', credentials })
      t.teardown(() => db.destroy())
      return db
    }) as [DynamoDB, DynamoDB]
    await first.createTable({
      TableName: 'Table',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    })
    const keys = Array.from({ length: 20 }, (_, i) => `${i}`)
    const put = (pk: string) => first.putItem({ TableName: 'Table', Item: { pk: { S: pk } } })
    await Promise.all(keys.map(put))
    process.kill(of('storage')[0]!.pid!, 'SIGKILL')
    const get = (pk: string) => second.getItem({ TableName: 'Table', Key: { pk: { S: pk } }, ConsistentRead: true })
    for (const pk of keys) t.deepEqual((await get(pk)).Item, { pk: { S: pk } })
    await Promise.all(keys.map(put))

    child.kill('SIGINT')
    t.deepEqual(await exit, [0, null])
    for (const { pid } of list.processes) t.false(isAlive(pid!))
    t.regex(said, /storage-1 has ended/)
  })
})
