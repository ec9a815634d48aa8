/** `npm run cluster`: real etcd, real NATS, and Tavola's processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DynamoDB, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { freePorts } from '../../scripts/cluster/ports.ts'
import type { ProcessRecord } from '../../scripts/cluster/tavola.ts'
import type { ClusterStatus } from '../../server/cluster/status.ts'
import { onClusters } from '../helpers/onclusters.ts'
import { tempFolder } from '../helpers/temp.ts'

const MAIN = fileURLToPath(new URL('../../scripts/cluster/run.ts', import.meta.url))
const BIN = fileURLToPath(new URL('../../bin/tavola.js', import.meta.url))
/** From the first port on. */
const PORTS = 60

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** What the command says. */
async function tavola(words: string[]): Promise<string> {
  const child = spawn(process.execPath, [BIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (said += chunk))
  await once(child, 'close')
  return said
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
    await waitUntilTableExists({ client: second, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName: 'Table' })
    await waitUntilTableExists({ client: first, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName: 'Table' })
    const keys = Array.from({ length: 20 }, (_, i) => `${i}`)
    const put = (pk: string) => first.putItem({ TableName: 'Table', Item: { pk: { S: pk } } })
    await Promise.all(keys.map(put))
    const etcd = of('etcd').map(({ address }) => address)
    const command = (...words: string[]) => tavola([...words, `--etcd=${etcd.join()}`])
    let status = await command('status')
    for (let i = 0; i < 60 && !status.startsWith('All is well'); i++) status = await command('status')
    t.regex(status, /^All is well, .* UTC\.\n\nNodes\n/)
    t.regex(await command('drain', 'storage-9'), /There is no storage node storage-9; there are storage-1, storage-2/)
    t.regex(await command('drain', 'storage-3'), /^storage-3 is being drained/)
    const { nodes } = JSON.parse(await command('status', '--json')) as ClusterStatus
    t.deepEqual(
      nodes.map(({ draining }) => draining),
      [false, false, true],
    )
    t.is(await command('undrain', 'storage-3'), 'storage-3 takes part again.\n')
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
