import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Config, readConfig } from '../../../server/config.ts'
import { launchTavola } from '../../helpers/process.ts'
import { tempFolder } from '../../helpers/temp.ts'

const read = (...args: string[]) => readConfig(['node', 'tavola', ...args])

async function file(t: ExecutionContext, text: string): Promise<string> {
  const path = join(await tempFolder(t), 'tavola.yaml')
  await writeFile(path, text)
  return path
}

/** What a command that can't be says, as it ends. */
async function refusal(role: string, ...args: string[]): Promise<string> {
  const launched = launchTavola([], { command: [role, ...args] })
  launched.ready.catch(() => {})
  const { code } = await launched.exit
  return `${code} ${launched.stderr().trim()}`
}

test('without a command, a process is its whole cluster', t => {
  const config = read('--port', '8001', '--in-memory')
  t.like(config, { role: 'embedded', port: 8001, dataDir: undefined, partitions: 1 })
})

test('a server and a storage node are told where etcd and NATS are', t => {
  const server = read('server', '--etcd', 'http://a:1,http://b:2', '--zone', 'z1')
  t.like(server, { role: 'server', etcd: ['http://a:1', 'http://b:2'], zone: 'z1', port: 8000, replicas: 3 })
  t.is((server as { tls: unknown }).tls, undefined)
  const storage = read('storage', '--etcd=http://a:1', '--node=n-1', '--nats=nats://a:1', '--rpc-port=9')
  t.like(storage, { role: 'storage', node: 'n-1', nats: ['nats://a:1'], rpcPort: 9, log: 'jetstream' })
  const secure = ['--tls-ca=ca.pem', '--tls-cert=me.pem', '--tls-key=me.key']
  const withTls = read('storage', '--etcd=https://a:1', '--node=n', '--log=etcd', ...secure)
  t.like(withTls, { log: 'etcd', tls: { ca: 'ca.pem', certificate: 'me.pem', key: 'me.key' } })
})

test('an operator is told what storage pods have besides', t => {
  const needed = ['operator', '--etcd=http://a:1', '--api=http://b:2', '--nats=nats://c:3']
  t.like(read(...needed), { role: 'operator', storagePods: {}, poolNodes: 3 })
  t.like(read(...needed, '--storage-pods', '{"nodeSelector":{"disk":"nvme"}}'), {
    storagePods: { nodeSelector: { disk: 'nvme' } },
  })
})

test.serial('flags come before the environment, that before the file, and that before defaults', async t => {
  const path = await file(
    t,
    'etcd: [http://file:1, http://file:2]\nzone: file\nport: 7000\nrpc-port: 7100\nnode: n\nlog: etcd\n',
  )
  process.env.TAVOLA_ZONE = 'environment'
  process.env.TAVOLA_PORT = '7001'
  let config: Config
  try {
    config = read('storage', '--config', path, '--port', '7002')
  } finally {
    delete process.env.TAVOLA_ZONE
    delete process.env.TAVOLA_PORT
  }
  t.like(config, {
    etcd: ['http://file:1', 'http://file:2'],
    zone: 'environment',
    port: 7002,
    rpcPort: 7100,
    rpcHost: '127.0.0.1',
  })
})

test('a file may be JSON', async t => {
  const path = await file(t, '{"etcd": "http://a:1", "partitions": 5}')
  t.like(read('server', '--config', path), { etcd: ['http://a:1'], partitions: 5 })
})

test('what is missing or wrong is said in a sentence', async t => {
  t.is(await refusal('server'), '1 error: --etcd must be given')
  t.is(await refusal('storage', '--etcd=http://a:1'), '1 error: --node and --nats must be given')
  t.regex(await refusal('server', '--etcd=a'), /^1 error: .*They must be URLs that begin with http:\/\/ or https:\/\//)
  t.regex(await refusal('server', '--etcd=http://a:1', '--tls-ca=x'), /all must be given, or none/)
  t.regex(await refusal('operator', '--storage-pods=[]'), /^1 error: .*It must be a JSON object/)
  const path = await file(t, 'etcd: http://a:1\nports: 7\n')
  t.is(await refusal('server', '--config', path), `1 error: ${path} says ports, and there is no such option`)
  const wrong = await file(t, 'etcd: http://a:1\npartitions: many\n')
  t.regex(
    await refusal('server', '--config', wrong),
    /says partitions: many, which is invalid. It must be a whole number/,
  )
  t.regex(await refusal('server', '--config', '/none.yaml'), /^1 error: \/none.yaml cannot be read/)
})

test('an etcd that is not there is said to be, with its address', async t => {
  const text = await refusal('server', '--etcd=http://127.0.0.1:1')
  t.regex(text, /^1 tavola: etcd cannot be reached at http:\/\/127.0.0.1:1 .*that --etcd says where\.$/)
})
