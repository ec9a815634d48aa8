/**
 * The chart with an etcd and a NATS that are there already, and ask for certificates: installed, tested by helm, and a Table in another
 * namespace. `npm run e2e:chart` plays it.
 */
import { readFile } from 'node:fs/promises'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { issue } from '../helpers/certificates.ts'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { CHART } from './chart.ts'

const [OUTSIDE, NAMESPACE, SHOP] = ['outside', 'data', 'shop']
const SECRET = 'certificates'
const TIMEOUT_MS = 900_000
const isWhole = process.env.TAVOLA_TEST_E2E === '1'

const CONFIG = `
listen: 0.0.0.0:4222
http: 0.0.0.0:8222
max_payload: 16MB
jetstream { store_dir: /data, sync_interval: always }
tls { cert_file: /tls/tls.crt, key_file: /tls/tls.key, ca_file: /tls/ca.crt, verify: true }
`

const ETCD = {
  name: 'etcd',
  image: 'etcd',
  command: [
    ...['/usr/local/bin/etcd', '--data-dir=/data', '--listen-client-urls=https://0.0.0.0:2379'],
    ...[`--advertise-client-urls=https://etcd.${OUTSIDE}.svc:2379`, '--listen-metrics-urls=http://0.0.0.0:2381'],
    ...['--cert-file=/tls/tls.crt', '--key-file=/tls/tls.key', '--trusted-ca-file=/tls/ca.crt', '--client-cert-auth'],
    ...['--max-request-bytes=16777216', '--max-txn-ops=10000', '--log-level=warn'],
  ],
  readinessProbe: { httpGet: { path: '/readyz', port: 2381 }, periodSeconds: 1 },
  volumeMounts: [
    { name: 'data', mountPath: '/data' },
    { name: 'tls', mountPath: '/tls' },
  ],
}

const NATS = {
  name: 'nats',
  image: 'nats',
  args: ['--config', '/etc/nats/nats.conf'],
  readinessProbe: { httpGet: { path: '/healthz', port: 8222 }, periodSeconds: 1 },
  volumeMounts: [...ETCD.volumeMounts, { name: 'config', mountPath: '/etc/nats' }],
}

/** A pod, and a Service of its name. */
function served(container: { name: string }, port: number): object[] {
  const { name } = container
  const metadata = { name, namespace: OUTSIDE, labels: { name } }
  const volumes = [
    { name: 'data', emptyDir: {} },
    { name: 'tls', secret: { secretName: SECRET } },
    { name: 'config', configMap: { name: 'nats' } },
  ]
  return [
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container], volumes } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { name }, ports: [{ port }] } },
  ]
}

if (isWhole)
  onKubernetes(
    () => {
      let kubernetes: Kubernetes

      test.before(async t => {
        t.timeout(TIMEOUT_MS)
        kubernetes = await startKubernetes()
        const names = ['etcd', 'nats'].map(name => `DNS:${name}.${OUTSIDE}.svc`)
        const { ca, certificate, key } = await issue(kubernetes.folder, 'ours', names)
        const data = {
          'ca.crt': await readFile(ca, 'base64'),
          'tls.crt': await readFile(certificate, 'base64'),
          'tls.key': await readFile(key, 'base64'),
        }
        const spaces = [OUTSIDE, NAMESPACE, SHOP]
        const items = [
          ...spaces.map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
          ...spaces.map(namespace => {
            return { apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET, namespace }, data }
          }),
          {
            ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nats', namespace: OUTSIDE } },
            data: { 'nats.conf': CONFIG },
          },
          ...served(ETCD, 2379),
          ...served(NATS, 4222),
        ]
        await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
        await kubernetes.ready(OUTSIDE, '', 2)
      })

      test.after.always(() => kubernetes?.stop())

      test.serial('etcd and NATS of yours are asked with the certificates of the Secret', async t => {
        t.timeout(TIMEOUT_MS)
        const values = [
          ...['etcd.enabled=false', `etcd.endpoints={https://etcd.${OUTSIDE}.svc:2379}`, 'nats.enabled=false'],
          ...[`nats.urls={tls://nats.${OUTSIDE}.svc:4222}`, 'nats.replicas=1', `tls.existingSecret=${SECRET}`],
          ...['server.autoscaling.enabled=false', 'server.replicas=1', 'operator.replicas=1'],
          ...['storage.replicas=1', 'tables.replicas=1', 'logLevel=info'],
        ]
        const flags = values.flatMap(value => ['--set', value])
        await kubernetes.helm(['install', 'shop', CHART, '--namespace', NAMESPACE, ...flags])
        for (const component of ['operator', 'storage', 'server'])
          await kubernetes.ready(NAMESPACE, `app.kubernetes.io/component=${component}`, 1, TIMEOUT_MS / 3)
        await t.notThrowsAsync(kubernetes.helm(['test', 'shop', '--namespace', NAMESPACE]))
      })

      test.serial('a Table in another namespace has pods there, with its copy of the Secret', async t => {
        t.timeout(TIMEOUT_MS)
        const table = {
          ...{ apiVersion: 'tavola.dev/v1alpha1', kind: 'Table', metadata: { name: 'orders', namespace: SHOP } },
          spec: {
            attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
            keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
            storage: { nodes: 2, size: '1Gi' },
            replicas: 2,
          },
        }
        await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(table))
        await kubernetes.kubectl(['wait', 'table/orders', '-n', SHOP, '--for=condition=Ready', '--timeout=300s'])
        const endpoint = await kubernetes.reach(`shop-tavola.${NAMESPACE}:8000`)
        const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
        const db = new DynamoDB({ endpoint, region: 'us-east-1', credentials, maxAttempts: 8 })
        const Item = { id: { S: 'one' }, value: { N: '1' } }
        await db.putItem({ TableName: 'orders', Item })
        const read = await db.getItem({ TableName: 'orders', Key: { id: Item.id }, ConsistentRead: true })
        t.deepEqual(read.Item, Item)
        db.destroy()
      })
    },
    { withHelm: true },
  )
else test.skip('npm run e2e:chart plays an etcd and a NATS of yours', t => t.pass())
