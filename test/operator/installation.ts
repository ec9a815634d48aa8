/** Tavola on the tests' Kubernetes, as small as it can be: one etcd for metadata and logs, servers, the custom resources. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Kubernetes } from '../kubernetes/kubernetes.ts'

export const NAMESPACE = 'tavola'
export const CRDS = fileURLToPath(new URL('../../crds', import.meta.url))

export type Installation = {
  /** Of the DynamoDB API, and of etcd, on this machine. */
  api: string
  etcd: string
}

const POD_IP = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]
const LABELS = { 'app.kubernetes.io/name': 'tavola' }

export async function installCrds({ kubectl }: Kubernetes): Promise<void> {
  for (const file of await readdir(CRDS)) await kubectl(['apply', '--server-side', '-f', join(CRDS, file)])
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
}

/** Everything but the operator. */
export async function install(kubernetes: Kubernetes, servers = 1): Promise<Installation> {
  const { kubectl, ready, reach } = kubernetes
  await installCrds(kubernetes)
  await kubectl(['create', 'namespace', NAMESPACE])
  const items = manifests(servers)
  await kubectl(['apply', '-n', NAMESPACE, '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await ready(NAMESPACE, 'app.kubernetes.io/component=etcd', 1)
  await ready(NAMESPACE, 'app.kubernetes.io/component=server', servers)
  return { api: await reach(`server.${NAMESPACE}:8000`), etcd: await reach(`etcd.${NAMESPACE}:2379`) }
}

export const ETCD = `http://etcd.${NAMESPACE}:2379`
export const API = `http://server.${NAMESPACE}:8000`

export function manifests(servers: number): object[] {
  return [...etcd(), ...server(servers)]
}

function etcd(): object[] {
  const command = [
    'etcd',
    '--data-dir=/data',
    // All pods are in one network: each listens on its own address.
    '--listen-client-urls=http://$(POD_IP):2379',
    '--listen-peer-urls=http://$(POD_IP):2380',
    '--initial-advertise-peer-urls=http://$(POD_IP):2380',
    '--initial-cluster=default=http://$(POD_IP):2380',
    `--advertise-client-urls=${ETCD}`,
    '--max-request-bytes=16777216',
    '--max-txn-ops=4096',
    '--quota-backend-bytes=4294967296',
    '--auto-compaction-mode=revision',
    '--auto-compaction-retention=10000',
    '--unsafe-no-fsync',
    '--log-level=error',
  ]
  const probe = { httpGet: { path: '/health', port: 2379 }, periodSeconds: 1 }
  return component('etcd', 1, 2379, {
    ...{ name: 'etcd', image: 'etcd', command: ['/usr/local/bin/etcd', ...command.slice(1)], readinessProbe: probe },
    env: POD_IP,
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  })
}

function server(replicas: number): object[] {
  return component('server', replicas, 8000, {
    name: 'server',
    image: 'tavola',
    args: [
      'server',
      `--etcd=${ETCD}`,
      '--host=$(POD_IP)',
      '--data-dir=/data',
      '--log-level=info',
      '--trigger-hosts=*.shop',
    ],
    env: POD_IP,
    readinessProbe: { httpGet: { path: '/healthz', port: 8000 }, periodSeconds: 1 },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  })
}

function component(name: string, replicas: number, port: number, container: object): object[] {
  const labels = { ...LABELS, 'app.kubernetes.io/component': name }
  const volumes = [{ name: 'data', emptyDir: {} }]
  const template = { metadata: { labels }, spec: { containers: [container], volumes } }
  return [
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
      spec: { replicas, selector: { matchLabels: labels }, template },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: labels, ports: [{ port }] } },
  ]
}
