/** A node whose disk is full: a small one, really mounted. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Nodes } from '../../helpers/nodes.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { until } from '../replica/fakes.ts'
import { Clients, request } from './clients.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 30_000
const SIZE = 24 * 1024 * 1024

/** A file system of its own, which ends with the test; undefined if this process may not mount one. */
function mounted(t: ExecutionContext, folder: string): string | undefined {
  mkdirSync(folder, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  t.teardown(() => execFileSync('umount', ['-l', folder]))
  return folder
}

function fill(folder: string): () => void {
  const ballast = join(folder, 'ballast')
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(ballast, Buffer.alloc(bavail * bsize))
  return () => rmSync(ballast)
}

test.serial('a full disk: others lead, nothing is lost, and it goes on when there is room', async t => {
  const root = await tempFolder(t)
  const small = mounted(t, join(root, 'n0'))
  if (!small) return t.pass('skipped: this process may not mount a file system')
  const folder = (node: string) => {
    mkdirSync(join(root, node), { recursive: true })
    return join(root, node)
  }
  const nodes = await Nodes.start(t, { folder, partitionsPerTable: 2, ttl: 2000 })
  const table = await nodes.table('T')
  const ids = table.partitions.map(({ id }) => id)
  const { host } = nodes.node('n0')
  const isLedByOthers = () => ids.every(id => nodes.leader(id) && nodes.leading(id)!.name !== 'n0')
  await until(() => ids.some(id => nodes.leading(id)?.name === 'n0'), PATIENCE_MS)
  const clients = new Clients(t, nodes, table, 6)
  const value = 'v'.repeat(20_000)
  const put = (i: number) => request(nodes, table, `big${i}`, { kind: 'put', value: `${i} ${value}` })

  const empty = fill(small)
  // What is applied is handed to the disk some hundred rows at a time.
  for (let i = 0; !host.isDiskFailing && i < 3000; i++) await put(i).catch(() => {})
  t.true(host.isDiskFailing)
  await until(isLedByOthers, PATIENCE_MS)
  for (let i = 0; i < 20; i++) await put(i)
  t.deepEqual(host.stopped(), [])
  const { epoch } = nodes.leader(ids[0]!)!
  await t.throwsAsync(
    host.succeed(ids[0]!, { epoch, applied: { position: 1, chain: '' } }),
    undefined,
    'it leads nothing',
  )

  empty()
  await until(() => !host.isDiskFailing, PATIENCE_MS)
  const isThere = (id: string) =>
    host.replica(id)!.standing.applied >= nodes.leading(id)!.host.replica(id)!.standing.applied
  await until(() => ids.every(isThere), PATIENCE_MS)
  for (const name of ['n1', 'n2']) await nodes.node(name).host.leave()
  await until(() => ids.every(id => nodes.leading(id)?.name === 'n0' && nodes.leader(id)), PATIENCE_MS)
  for (let i = 0; i < 20; i++)
    t.deepEqual(await request(nodes, table, `big${i}`, { kind: 'get' }), { kind: 'value', value: `${i} ${value}` })
  await clients.verify(t)
})
