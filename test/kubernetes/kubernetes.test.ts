/** The harness: a StatefulSet lives on it as on any cluster. */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { isRefused } from './client.ts'
import { type Kubernetes, startKubernetes } from './kubernetes.ts'
import type { Claim, Pod } from './objects.ts'
import { onKubernetes } from './onkubernetes.ts'

const PORT = 8080
const LABELS = { app: 'web' }
const SELECTOR = 'app=web'
/** Each start leaves a line on its disk; it says its zone and how often it has started. */
const PROGRAM = `
const fs = require('fs')
fs.appendFileSync('/data/starts', process.env.NAME + '\\n')
const starts = fs.readFileSync('/data/starts', 'utf8').split('\\n').length - 1
require('http').createServer((q, s) => s.end(JSON.stringify({ name: process.env.NAME, zone: process.env.ZONE, starts }))).listen(${PORT}, process.env.IP)
process.on('SIGTERM', () => process.exit(0))`

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })

const MANIFESTS = [
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
    spec: { clusterIP: 'None', selector: LABELS, ports: [{ port: PORT }] },
  },
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'any' } },
    spec: { selector: LABELS, ports: [{ port: 80, targetPort: PORT }] },
  },
  {
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' } },
    spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } },
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' } },
    spec: {
      replicas: 3,
      serviceName: 'web',
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          terminationGracePeriodSeconds: 5,
          topologySpreadConstraints: [
            {
              ...{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
              labelSelector: { matchLabels: LABELS },
            },
          ],
          containers: [
            {
              ...{ name: 'web', image: 'tavola', command: ['node', '-e', PROGRAM] },
              env: [
                field('NAME', 'metadata.name'),
                field('IP', 'status.podIP'),
                field('ZONE', "metadata.labels['topology.kubernetes.io/zone']"),
              ],
              readinessProbe: { httpGet: { port: PORT }, periodSeconds: 1 },
              securityContext: { readOnlyRootFilesystem: true },
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  },
]

const LIMITED = {
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: { name: 'limits.test.tavola.dev' },
  spec: {
    group: 'test.tavola.dev',
    scope: 'Namespaced',
    names: { plural: 'limits', kind: 'Limit' },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { low: { type: 'integer' }, high: { type: 'integer' } },
                'x-kubernetes-validations': [{ rule: 'self.low <= self.high', message: 'low is above high' }],
              },
            },
          },
        },
      },
    ],
  },
}

onKubernetes(() => {
  let kubernetes: Kubernetes

  test.before(async t => {
    t.timeout(300_000)
    kubernetes = await startKubernetes()
  })

  test.after.always(() => kubernetes?.stop())

  test.serial('a StatefulSet is spread over the zones, keeps its disks, and is found by its names', async t => {
    t.timeout(300_000)
    const { client, kubectl, ready } = kubernetes
    await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: MANIFESTS }))
    const pods = await ready('default', SELECTOR, 3)
    t.deepEqual(await says(pods), [
      { name: 'web-0', zone: zoneOf(pods[0]!), starts: 1 },
      { name: 'web-1', zone: zoneOf(pods[1]!), starts: 1 },
      { name: 'web-2', zone: zoneOf(pods[2]!), starts: 1 },
    ])
    t.is(new Set(pods.map(zoneOf)).size, 3)
    const claims = await client.list<Claim>('/api/v1/namespaces/default/persistentvolumeclaims')
    t.deepEqual(
      claims.map(({ status }) => status?.capacity?.storage),
      ['1Gi', '1Gi', '1Gi'],
    )
    // Through the service's address, and from a pod by names alone.
    const any = (await (await fetch(await kubernetes.reach('any.default:80'))).json()) as { name: string }
    t.regex(any.name, /^web-[012]$/)
    const ask = `for (const u of ['http://web-1.web:${PORT}', 'http://any']) fetch(u).then(r => r.json()).then(r => console.log(u, r.name))`
    await kubectl(['run', 'asks', '--image=tavola', '--restart=Never', '--command', '--', 'node', '-e', ask])
    await kubectl(['wait', 'pod/asks', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s'])
    const [asks] = await kubernetes.pods('default', 'run=asks')
    const said = await kubernetes.logs(asks!)
    t.regex(said, /http:\/\/web-1.web:8080 web-1/)
    t.regex(said, /http:\/\/any web-\d/)
  })

  test.serial('a rolling restart, a crash and growth keep what is on the disks', async t => {
    t.timeout(300_000)
    const { client, kubectl, ready } = kubernetes
    await kubectl(['rollout', 'restart', 'statefulset/web'])
    await kubectl(['rollout', 'status', 'statefulset/web', '--timeout=120s'])
    const pods = await ready('default', SELECTOR, 3)
    t.deepEqual(
      (await says(pods)).map(({ starts }) => starts),
      [2, 2, 2],
    )
    await kubernetes.crashPod(pods[1]!)
    await until(async () => (await says([pods[1]!]).catch(() => []))[0]?.starts === 3)
    const claim = '/api/v1/namespaces/default/persistentvolumeclaims/data-web-0'
    await client.patch(claim, { spec: { resources: { requests: { storage: '2Gi' } } } })
    await until(async () => (await client.get<Claim>(claim)).status?.capacity?.storage === '2Gi')
    t.pass()
  })

  test.serial(
    'a disruption budget, an admission rule and a namespace refuse what they are there to refuse',
    async t => {
      const { client, kubectl, ready } = kubernetes
      await ready('default', SELECTOR, 3)
      await kubernetes.crashNode('node-3')
      await until(async () => (await kubernetes.pods('default', SELECTOR)).filter(isGone).length === 1)
      const allowed = ['get', 'pdb', '-o', 'jsonpath={.items[*].status.disruptionsAllowed}']
      await until(async () => (await kubectl(allowed)).stdout === '0')
      const [left] = (await kubernetes.pods('default', SELECTOR)).filter(pod => !isGone(pod))
      const { name, namespace } = left!.metadata
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
      const refused = await t.throwsAsync(client.create(`/api/v1/namespaces/default/pods/${name}/eviction`, eviction))
      t.true(isRefused(refused, 429), refused?.message)
      await kubernetes.startNode('node-3')
      await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', LIMITED)
      await kubectl(['wait', 'crd/limits.test.tavola.dev', '--for=condition=established', '--timeout=30s'])
      const limit = {
        apiVersion: 'test.tavola.dev/v1',
        kind: 'Limit',
        metadata: { name: 'one' },
        spec: { low: 2, high: 1 },
      }
      await t.throwsAsync(kubectl(['create', '-f', '-'], JSON.stringify(limit)), { message: /low is above high/ })
      await kubectl(['create', 'namespace', 'strict'])
      await kubectl(['label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted'])
      await t.throwsAsync(kubectl(['run', 'lax', '-n', 'strict', '--image=busybox']), {
        message: /violates PodSecurity/,
      })
      // The node that is back has its pod again.
      await ready('default', SELECTOR, 3)
    },
  )

  test.serial('kubectl sees a Kubernetes of its version', async t => {
    t.timeout(300_000)
    const { stdout } = await kubernetes.kubectl(['version', '-o', 'json'])
    t.is((JSON.parse(stdout) as { serverVersion: { minor: string } }).serverVersion.minor, '36')
  })

  type Said = { name: string; zone: string; starts: number }

  function says(pods: Pod[]): Promise<Said[]> {
    return Promise.all(
      pods.map(async pod => {
        const url = await kubernetes.reach(`${pod.status!.podIP}:${PORT}`)
        return (await (await fetch(url)).json()) as Said
      }),
    )
  }

  function zoneOf(pod: Pod): string {
    return kubernetes.nodes.find(({ name }) => name === pod.spec.nodeName)!.zone
  }
})

function isGone({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'False') ?? false
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; !(await holds()); await sleep(100))
    if (performance.now() > end) throw new Error('it does not come')
}
