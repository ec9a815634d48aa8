/**
 * The chart on a real Kubernetes: installed, written to, short of a zone, with a node drained, scaled, grown and upgraded under
 * load, removed and installed again.
 * `npm run e2e:chart`, or with TAVOLA_TEST_E2E=1; otherwise there is only the question whether the API server takes all of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import test from 'ava'
import { stringify } from 'yaml'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { CHART, render } from './chart.ts'

const NAMESPACE = 'data'
const RELEASE = 'shop'
const SERVICE = `${RELEASE}-tavola`
const TABLE = 'Orders'
const TIMEOUT_MS = 900_000
const isWhole = process.env.TAVOLA_TEST_E2E === '1'
const whole = isWhole ? test.serial : test.serial.skip

const selector = (component: string) => `app.kubernetes.io/name=tavola,app.kubernetes.io/component=${component}`

onKubernetes(
  () => {
    let kubernetes: Kubernetes
    let client: DynamoDBDocumentClient
    /** What was acknowledged. */
    const written = new Map<string, number>()

    test.before(async t => {
      t.timeout(TIMEOUT_MS)
      kubernetes = await startKubernetes({ evictionSeconds: 5 })
      await kubernetes.kubectl(['create', 'namespace', NAMESPACE])
      const standard = 'pod-security.kubernetes.io/enforce=restricted'
      await kubernetes.kubectl(['label', 'namespace', NAMESPACE, standard])
    })

    test.after.always(async () => {
      client?.destroy()
      await kubernetes?.stop()
    })

    test.serial('the API server takes every object, strictly, where the restricted standard is enforced', async t => {
      t.timeout(TIMEOUT_MS)
      const where = ['pods.tolerations[0].key=dedicated', 'pods.nodeSelector.disk=nvme', 'image.pullSecrets={registry}']
      const others = ['operator.enabled=false', 'tls.existingSecret=certificates', 'backups.store=s3://b/p', ...where]
      for (const set of [[], others]) {
        // Prometheus' own kinds are not here.
        const objects = await render('monitoring.dashboard.enabled=true', ...set)
        const text = objects.map(object => stringify(object)).join('---\n')
        const args = ['apply', '--dry-run=server', '--validate=strict', '--namespace', NAMESPACE, '-f', '-']
        const { stdout, stderr } = await kubernetes.kubectl(args, text)
        t.is(stdout.trim().split('\n').length, objects.length)
        t.notRegex(stderr, /[Ww]arning: (unknown|would violate)/)
      }
    })

    whole('one helm install gives a service that writes and reads', async t => {
      t.timeout(TIMEOUT_MS)
      await install()
      await serves()
      await kubernetes.helm(['test', RELEASE, '--namespace', NAMESPACE])
      client = clientOf(await kubernetes.reach(`${SERVICE}.${NAMESPACE}:8000`))
      await client.send(
        new CreateTableCommand({
          TableName: TABLE,
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      )
      await waitUntilTableExists({ client, maxWaitTime: 120 }, { TableName: TABLE })
      for (let i = 0; i < 20; i++) await write()
      await allRead(t.is)
    })

    whole('a Table that is applied is a table with pods of its own', async t => {
      t.timeout(TIMEOUT_MS)
      const manifest = {
        ...{ apiVersion: 'tavola.dev/v1alpha1', kind: 'Table', metadata: { name: 'carts', namespace: NAMESPACE } },
        spec: {
          attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
          keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
          billingMode: 'PAY_PER_REQUEST',
          storage: { nodes: 3, size: '1Gi' },
        },
      }
      await kubernetes.kubectl(['apply', '-f', '-'], stringify(manifest))
      await kubernetes.kubectl(['wait', 'table/carts', '-n', NAMESPACE, '--for=condition=Ready', '--timeout=300s'])
      await kubernetes.ready(NAMESPACE, `${selector('storage')},tavola.dev/table=carts`, 3)
      await client.send(new PutCommand({ TableName: 'carts', Item: { id: 'one' } }))
      const { Item } = await client.send(
        new GetCommand({ TableName: 'carts', Key: { id: 'one' }, ConsistentRead: true }),
      )
      t.deepEqual(Item, { id: 'one' })
      // It goes with its pods, so that the others can be counted.
      await kubernetes.client.patch(`/apis/tavola.dev/v1alpha1/namespaces/${NAMESPACE}/tables/carts`, {
        spec: { deletionPolicy: 'Delete' },
      })
      await kubernetes.kubectl(['delete', 'table/carts', '-n', NAMESPACE, '--timeout=300s'])
      await until(async () => (await kubernetes.pods(NAMESPACE, 'tavola.dev/table=carts')).length === 0)
    })

    whole('a zone that is lost costs no acknowledged write, and writing goes on', async t => {
      t.timeout(TIMEOUT_MS)
      const load = keepWriting()
      await sleep(2000)
      await kubernetes.crashZone('zone-2')
      const before = written.size
      await until(() => written.size > before + 20)
      await kubernetes.startZone('zone-2')
      await serves()
      await load.stop()
      await allRead(t.is)
    })

    whole('a node is drained: its pods wait for it, writing goes on', async t => {
      t.timeout(TIMEOUT_MS)
      const load = keepWriting()
      const { name } = kubernetes.nodes[0]!
      const flags = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=300s']
      await kubernetes.kubectl(['drain', name, ...flags])
      const left = (await kubernetes.pods(NAMESPACE)).filter(({ spec, status }) => {
        return spec.nodeName === name && status?.phase === 'Running'
      })
      t.deepEqual(left, [])
      const before = written.size
      await until(() => written.size > before + 20)
      await kubernetes.kubectl(['uncordon', name])
      await serves()
      await load.stop()
      t.deepEqual(load.failures, [])
      await allRead(t.is)
    })

    whole('storage pods become more, and fewer again once they are empty; nothing fails', async t => {
      t.timeout(TIMEOUT_MS)
      const load = keepWriting()
      const claims = async () =>
        (await kubernetes.kubectl(['get', 'pvc', '-n', NAMESPACE, '-l', selector('storage'), '-o', 'name'])).stdout
          .split('\n')
          .filter(Boolean).length
      await install('storage.replicas=4')
      await serves({ storage: 4 })
      await until(async () => (await claims()) === 4)
      await install('storage.replicas=3')
      await serves()
      await until(async () => (await claims()) === 3)
      await load.stop()
      t.deepEqual(load.failures, [])
      await allRead(t.is)
    })

    whole('volumes grow, and pods stay; a smaller size later is no harm', async t => {
      t.timeout(TIMEOUT_MS)
      const uids = async () =>
        (await kubernetes.pods(NAMESPACE, selector('storage'))).map(({ metadata }) => metadata.uid)
      const sizes = async () => {
        const path = 'jsonpath={.items[*].status.capacity.storage}'
        return (await kubernetes.kubectl(['get', 'pvc', '-n', NAMESPACE, '-l', selector('storage'), '-o', path])).stdout
      }
      const before = await uids()
      await install('storage.size=12Gi')
      await until(async () => (await sizes()) === '12Gi 12Gi 12Gi')
      const template = async () => {
        const path = 'jsonpath={.spec.volumeClaimTemplates[0].spec.resources.requests.storage}'
        return (await kubernetes.kubectl(['get', 'sts', 'default-pool', '-n', NAMESPACE, '-o', path])).stdout
      }
      await until(async () => (await template().catch(() => '')) === '12Gi')
      await serves()
      t.deepEqual(await uids(), before)
      await allRead(t.is)
    })

    whole('an upgrade that restarts all pods fails no request after the retries of the SDK', async t => {
      t.timeout(TIMEOUT_MS)
      const load = keepWriting()
      await install('pods.labels.upgraded=once')
      for (const workload of ['statefulset', 'deployment']) await rolledOut(workload)
      // The operator restarts these, one at a time.
      const fresh = () => kubernetes.pods(NAMESPACE, `${selector('storage')},upgraded=once`)
      await until(async () => (await fresh()).length === 3)
      await serves()
      await load.stop()
      t.deepEqual(load.failures, [])
      await allRead(t.is)
    })

    whole('what was removed comes back with all that was written', async t => {
      t.timeout(TIMEOUT_MS)
      await kubernetes.helm(['uninstall', RELEASE, '--namespace', NAMESPACE, '--wait'])
      await kubernetes.kubectl(['delete', 'statefulset', '--all', '--namespace', NAMESPACE])
      await until(async () => (await kubernetes.pods(NAMESPACE)).every(({ status }) => status?.phase === 'Succeeded'))
      await install()
      await serves()
      await allRead(t.is)
      const crds = (await kubernetes.kubectl(['get', 'crd', '-o', 'name'])).stdout
      t.regex(crds, /tables\.tavola\.dev/)
    })

    async function install(...set: string[]): Promise<void> {
      const values = [...set, 'server.autoscaling.enabled=false', 'server.replicas=2']
      const flags = values.flatMap(value => ['--set', value])
      await kubernetes.helm(['upgrade', '--install', RELEASE, CHART, '--namespace', NAMESPACE, ...flags])
    }

    /** All pods are there, and ready. */
    async function serves(other: { storage?: number } = {}): Promise<void> {
      const counts = { etcd: 3, nats: 3, operator: 2, storage: 3, server: 2, ...other }
      for (const [component, count] of Object.entries(counts))
        await kubernetes.ready(NAMESPACE, selector(component), count, TIMEOUT_MS / 3)
    }

    async function rolledOut(kind: string): Promise<void> {
      const { stdout } = await kubernetes.kubectl(['get', kind, '--namespace', NAMESPACE, '-o', 'name'])
      // The operator restarts the pods of its own.
      for (const name of stdout
        .trim()
        .split('\n')
        .filter(name => !name.endsWith('-pool')))
        await kubernetes.kubectl(['rollout', 'status', name, '--namespace', NAMESPACE, '--timeout=300s'])
    }

    async function write(): Promise<void> {
      const [id, value] = [`item-${written.size}`, Math.random()]
      await client.send(new PutCommand({ TableName: TABLE, Item: { id, value } }))
      written.set(id, value)
    }

    function keepWriting() {
      let going = true
      const failures: string[] = []
      const run = async () => {
        while (going) {
          await write().catch((error: Error) => failures.push(`${error.name}: ${error.message}`))
          await sleep(50)
        }
      }
      const done = run()
      const stop = async () => {
        going = false
        await done
      }
      return { failures, stop }
    }

    async function allRead(is: (actual: unknown, expected: unknown, message: string) => unknown): Promise<void> {
      for (const [id, value] of written) {
        const { Item } = await client.send(new GetCommand({ TableName: TABLE, Key: { id }, ConsistentRead: true }))
        is(Item?.value, value, id)
      }
    }
  },
  { withHelm: true },
)

function clientOf(endpoint: string): DynamoDBDocumentClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 8, retryMode: 'standard' }),
  )
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + TIMEOUT_MS / 3; !(await holds()); await sleep(200))
    if (performance.now() > end) throw new Error('it does not come')
}
