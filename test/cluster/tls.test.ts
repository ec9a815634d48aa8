/** Mutual TLS between all processes of a cluster: real etcd, real NATS, Tavola's roles, and certificates made for it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import test, { type ExecutionContext } from 'ava'
import { binariesHere } from '../../scripts/cluster/binaries.ts'
import { freePorts } from '../../scripts/cluster/ports.ts'
import { Server } from '../../scripts/cluster/process.ts'
import type { TlsFiles } from '../../server/node/cluster.ts'
import { issue } from '../helpers/certificates.ts'
import { onClusters } from '../helpers/onclusters.ts'
import { launchTavola } from '../helpers/process.ts'
import { tempFolder } from '../helpers/temp.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 60_000

const metricsAre = (port: number) => async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok

async function secureEtcd(t: ExecutionContext, folder: string, { ca, certificate, key }: TlsFiles): Promise<string> {
  const port = await freePorts(3)
  const [client, peer, metrics] = [`https://localhost:${port}`, `http://127.0.0.1:${port + 1}`, port + 2]
  const flags = {
    name: 'etcd',
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': `https://127.0.0.1:${port}`,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `etcd=${peer}`,
    'listen-metrics-urls': `http://127.0.0.1:${metrics}`,
    'cert-file': certificate,
    'key-file': key,
    'trusted-ca-file': ca,
    'client-cert-auth': true,
    'log-level': 'warn',
  }
  const command = [binariesHere().etcd, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)]
  await serve(t, new Server({ name: 'etcd', command, log: join(folder, 'etcd.log'), ready: metricsAre(metrics) }))
  return client
}

async function secureNats(t: ExecutionContext, folder: string, { ca, certificate, key }: TlsFiles): Promise<string> {
  const port = await freePorts(2)
  const config = join(folder, 'nats.conf')
  await writeFile(
    config,
    `
listen: 127.0.0.1:${port}
http: 127.0.0.1:${port + 1}
max_payload: 16MB
jetstream { store_dir: ${JSON.stringify(join(folder, 'nats'))}, sync_interval: always }
tls { cert_file: "${certificate}", key_file: "${key}", ca_file: "${ca}", verify: true }
`,
  )
  const command = [binariesHere().nats, '--config', config]
  const ready = async () => (await fetch(`http://127.0.0.1:${port + 1}/healthz`)).ok
  await serve(t, new Server({ name: 'nats', command, log: join(folder, 'nats.log'), ready }))
  return `tls://localhost:${port}`
}

async function serve(t: ExecutionContext, server: Server): Promise<void> {
  t.teardown(() => server.stop('SIGKILL'))
  await server.start()
}

function flagsOf({ ca, certificate, key }: TlsFiles): string[] {
  return [`--tls-ca=${ca}`, `--tls-cert=${certificate}`, `--tls-key=${key}`]
}

onClusters(() => {
  test('etcd, NATS, servers and storage nodes show each other certificates', async t => {
    t.timeout(180_000)
    const folder = await tempFolder(t)
    const [ours, theirs] = [await issue(folder, 'ours'), await issue(folder, 'theirs')]
    const [etcd, nats] = await Promise.all([secureEtcd(t, folder, ours), secureNats(t, folder, ours)])
    const storageArgs = (name: string, tls: string[]) => [
      ...[`--node=${name}`, `--etcd=${etcd}`, `--nats=${nats}`, '--log-replicas=1', '--rpc-port=0', '--port=0'],
      ...[`--data-dir=${join(folder, name)}`, ...tls],
    ]
    const start = (command: string[]) => {
      const process = launchTavola([], { command })
      t.teardown(() => process.kill('SIGKILL'))
      return process
    }
    const storage = start(['storage', ...storageArgs('one', flagsOf(ours))])
    await storage.ready
    await mkdir(join(folder, 'shared'))
    const serverArgs = ['server', `--etcd=${etcd}`, '--port=0', `--data-dir=${join(folder, 'shared')}`]
    const endpoint = await start([...serverArgs, ...flagsOf(ours)]).ready
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const db = new DynamoDB({ endpoint, region: 'us-east-1', credentials })
    t.teardown(() => db.destroy())
    await db.createTable({
      TableName: 'Table',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    })
    const Item = { pk: { S: 'a' } }
    const end = performance.now() + PATIENCE_MS
    while (!(await db.putItem({ TableName: 'Table', Item }).catch(() => undefined)) && performance.now() < end);
    t.deepEqual((await db.getItem({ TableName: 'Table', Key: Item, ConsistentRead: true })).Item, Item)

    // What is wrong is said, with the place and the option, before anything is served.
    const { ca } = ours
    const wrong: [string[], RegExp][] = [
      [serverArgs, /etcd cannot be reached at https:.*not trusted here: say with --tls-ca/],
      [[...serverArgs, ...flagsOf(theirs)], /etcd cannot be reached.*is not signed by what --tls-ca names/],
      [
        [...serverArgs, ...flagsOf({ ...theirs, ca })],
        /etcd cannot be reached.*does not accept the certificate that --tls-cert names/,
      ],
      [[...serverArgs, ...flagsOf({ ...ours, key: theirs.key })], /ours-node.pem and .*theirs-node.key make a pair/],
      [[...serverArgs, ...flagsOf({ ...ours, key: join(folder, 'none') })], /The file .*none cannot be read/],
      [[...serverArgs, `--tls-ca=${ca}`], /of --tls-ca, --tls-cert and --tls-key all must be given, or none/],
    ]
    const refusals = wrong.map(async ([command, message]) => {
      const process = start(command)
      t.is((await process.exit).code, 1, command.join(' '))
      t.regex(process.stderr(), message)
    })
    await Promise.all(refusals)
  })
})
