/** Kubernetes' own programs on this machine: etcd, API server, controllers, scheduler. */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Server } from '../../scripts/cluster/process.ts'
import type { KubernetesBinaries } from '../../scripts/kubernetes/binaries.ts'
import { type Access, Client } from './client.ts'

export type ControlPlaneOptions = {
  binaries: KubernetesBinaries
  folder: string
  /** After which a silent node is not ready. */
  nodeGraceSeconds: number
  /** After which pods of a lost node are deleted, unless they tolerate it for longer. */
  evictionSeconds: number
}

export type ControlPlane = {
  access: Access
  programs: Record<'etcd' | 'apiserver' | 'controllers' | 'scheduler', Server>
}

/** Endpoints may not be on 127.0.0.1, so it has an address among the pods. */
export const API_SERVER = '10.244.255.1:6443'
export const SERVICE_NETWORK = '10.96.0.0/16'
/** The API server's start is five seconds of a processor that may be shared by twenty. */
const PATIENCE_MS = 180_000
const ETCD = 'http://127.0.0.1:2379'

/** Resolves once the API server serves; the others come by themselves. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { folder } = options
  const token = randomUUID()
  await writeKeys(folder, token)
  const etcd = etcdOf(options)
  const apiserver = apiserverOf(options, token)
  await etcd.start()
  await apiserver.start()
  const access = { url: `https://${API_SERVER}`, token, ca: await readFile(join(folder, 'apiserver.crt'), 'utf8') }
  const kubeconfig = join(folder, 'kubeconfig-inside')
  await writeFile(kubeconfig, kubeconfigOf(access))
  const [controllers, scheduler] = [controllersOf(options, kubeconfig), schedulerOf(options, kubeconfig)]
  controllers.launch()
  scheduler.launch()
  return { access, programs: { etcd, apiserver, controllers, scheduler } }
}

/** JSON, which is YAML. */
export function kubeconfigOf({ url, token, ca }: Access): string {
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  })
}

async function writeKeys(folder: string, token: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  await writeFile(join(folder, 'accounts.key'), privateKey)
  await writeFile(join(folder, 'accounts.pub'), publicKey)
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`)
}

type Flags = Record<string, string | number | boolean>

function program(name: string, binary: string, folder: string, flags: Flags, ready: () => Promise<boolean>): Server {
  const command = [binary, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)]
  return new Server({ name, command, log: join(folder, `${name}.log`), ready, patienceMs: PATIENCE_MS })
}

function etcdOf({ binaries, folder }: ControlPlaneOptions): Server {
  const flags = {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': ETCD,
    'advertise-client-urls': ETCD,
    'listen-peer-urls': 'http://127.0.0.1:2380',
    // What tests write may be lost with the machine.
    'unsafe-no-fsync': true,
    'log-level': 'error',
  }
  const ready = async () => (await fetch(`${ETCD}/health`)).ok
  return program('etcd', binaries.etcd, folder, flags, ready)
}

function apiserverOf({ binaries, folder, evictionSeconds }: ControlPlaneOptions, token: string): Server {
  const [address, port] = API_SERVER.split(':')
  const flags = {
    'etcd-servers': ETCD,
    'cert-dir': folder,
    // The certificate that it makes for itself is then for localhost, too.
    'bind-address': '0.0.0.0',
    'secure-port': port!,
    'advertise-address': address!,
    'service-cluster-ip-range': SERVICE_NETWORK,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-signing-key-file': join(folder, 'accounts.key'),
    'service-account-key-file': join(folder, 'accounts.pub'),
    'token-auth-file': join(folder, 'tokens.csv'),
    'authorization-mode': 'RBAC',
    'default-not-ready-toleration-seconds': evictionSeconds,
    'default-unreachable-toleration-seconds': evictionSeconds,
  }
  const ready = async () => {
    const ca = await readFile(join(folder, 'apiserver.crt'), 'utf8')
    const client = new Client({ url: `https://${API_SERVER}`, token, ca })
    await client.read('/readyz')
    client.close()
    return true
  }
  return program('apiserver', binaries['kube-apiserver'], folder, flags, ready)
}

const RATE = { 'kube-api-qps': 300, 'kube-api-burst': 600 }

function controllersOf({ binaries, folder, nodeGraceSeconds }: ControlPlaneOptions, kubeconfig: string): Server {
  const flags = {
    ...RATE,
    kubeconfig,
    'service-account-private-key-file': join(folder, 'accounts.key'),
    'root-ca-file': join(folder, 'apiserver.crt'),
    'bind-address': '127.0.0.1',
    'leader-elect': false,
    'node-monitor-period': '1s',
    'node-monitor-grace-period': `${nodeGraceSeconds}s`,
    controllers: '*,-node-ipam-controller,-node-route-controller,-service-lb-controller',
  }
  return program('controllers', binaries['kube-controller-manager'], folder, flags, async () => true)
}

function schedulerOf({ binaries, folder }: ControlPlaneOptions, kubeconfig: string): Server {
  const flags = { ...RATE, kubeconfig, 'bind-address': '127.0.0.1', 'leader-elect': false }
  return program('scheduler', binaries['kube-scheduler'], folder, flags, async () => true)
}
