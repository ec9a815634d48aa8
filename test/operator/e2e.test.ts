/**
 * A Table's whole life on a real Kubernetes: made, written and read with the unmodified AWS SDK, through crashes, drains, growth,
 * roll-outs and deletion. `npm run e2e` plays all of it, `npm test` the beginning.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  TagResourceCommand,
} from '@aws-sdk/client-dynamodb'
import test, { type ExecutionContext } from 'ava'
import type { StreamTrigger } from '../../operator/resources/streamtrigger.ts'
import type { Table } from '../../operator/resources/table.ts'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { type Installation, install, NAMESPACE } from './installation.ts'
import { received, receiver } from './receiver.ts'
import { type RunningOperator, runOperator } from './running.ts'

const SHOP = 'shop'
const PATIENCE_MS = 300_000
const POLL_MS = 300
/** Everything, or what there is time for. */
const isWhole = process.env.TAVOLA_TEST_E2E === '1'
const whole = isWhole ? test.serial : test.serial.skip

const ORDERS = {
  apiVersion: 'tavola.dev/v1alpha1',
  kind: 'Table',
  metadata: { name: 'orders', namespace: SHOP },
  spec: {
    tableName: 'Orders',
    attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
    keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
    billingMode: 'PAY_PER_REQUEST',
    timeToLive: { attributeName: 'ttl', enabled: true },
    tags: [{ key: 'team', value: 'shop' }],
    storage: { size: '1Gi' },
    partitions: 2,
  },
}

const TRIGGER = { apiVersion: 'tavola.dev/v1alpha1', kind: 'StreamTrigger' }
/** There is no key that is not taken. */
const SIGNED = {
  Authorization: 'AWS4-HMAC-SHA256 Credential=A/20000101/r/lambda/aws4_request, SignedHeaders=host, Signature=00',
  'X-Amz-Date': '20000101T000000Z',
}

onKubernetes(() => {
  let kubernetes: Kubernetes
  let installation: Installation
  let operator: RunningOperator
  let dynamo: DynamoDBClient
  let written = 0

  test.before(async t => {
    t.timeout(PATIENCE_MS)
    kubernetes = await startKubernetes({ evictionSeconds: 5 })
    installation = await install(kubernetes)
    operator = await runOperator(kubernetes, installation)
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    dynamo = new DynamoDBClient({ endpoint: installation.api, region: 'us-east-1', credentials, maxAttempts: 8 })
    await kubernetes.kubectl(['create', 'namespace', SHOP])
  })

  test.after.always(async () => {
    dynamo?.destroy()
    await operator?.close()
    await kubernetes?.stop()
  })

  const apply = (object: object) => kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(object))
  const path = (plural: string, name: string, namespace = SHOP) =>
    `/apis/tavola.dev/v1alpha1/namespaces/${namespace}/${plural}/${name}`
  const patch = (spec: object, name = 'orders') => kubernetes.client.patch(path('tables', name), { spec })
  const table = (name = 'orders', namespace = SHOP) => kubernetes.client.get<Table>(path('tables', name, namespace))

  async function until<T>(what: string, look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
    const end = performance.now() + PATIENCE_MS
    while (true) {
      const seen = await look()
      if (isSo(seen)) return seen
      if (performance.now() > end) throw new Error(`not ${what}: ${JSON.stringify(seen).slice(0, 3000)}`)
      await sleep(POLL_MS)
    }
  }

  const condition = (seen: Table, type: string) => seen.status?.conditions?.find(condition => condition.type === type)
  const isReady = (seen: Table) => {
    const { generation } = seen.metadata
    const { status, observedGeneration } = condition(seen, 'Ready') ?? {}
    return status === 'True' && observedGeneration === generation
  }
  const ready = (name = 'orders', namespace = SHOP) => until('ready', () => table(name, namespace), isReady)
  const healthy = (seen: Table) =>
    isReady(seen) &&
    seen.status!.replicas!.healthy === seen.status!.replicas!.wanted &&
    condition(seen, 'Progressing')?.status === 'False'
  const gone = (name: string) =>
    until(
      `${name} gone`,
      async () => (await kubernetes.kubectl(['get', 'tables', '-n', SHOP, '-o', 'name'])).stdout,
      names => !names.includes(`/${name}\n`),
    )
  const pods = () => kubernetes.pods(SHOP, 'tavola.dev/workload=orders-storage')
  const volumes = async () =>
    (await kubernetes.kubectl(['get', 'pvc', '-n', SHOP, '-o', 'name'])).stdout.trim().split('\n').filter(Boolean)

  /** Writes one more item, and reads all of them. */
  async function writeAndRead(t: ExecutionContext, TableName = 'Orders'): Promise<void> {
    written += 1
    await until(
      'written',
      async () => {
        try {
          await dynamo.send(new PutItemCommand({ TableName, Item: { id: { S: String(written) } } }))
          return undefined
        } catch (error) {
          return (error as Error).message
        }
      },
      error => error === undefined,
    )
    for (let id = 1; id <= written; id++) {
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName, Key: { id: { S: String(id) } }, ConsistentRead: true }),
      )
      t.truthy(Item, `item ${id}`)
    }
  }

  test.serial('a Table becomes pods in three zones, and a table that the SDK writes to', async t => {
    t.timeout(PATIENCE_MS)
    await apply(ORDERS)
    const { status } = await ready()
    t.like(status, { tableStatus: 'ACTIVE', partitions: 2, zoneSummary: 'zone-1,zone-2,zone-3', tableName: 'Orders' })
    const zones = (await pods()).map(({ metadata }) => metadata.labels?.['topology.kubernetes.io/zone'])
    t.deepEqual(zones.sort(), ['zone-1', 'zone-2', 'zone-3'])
    await writeAndRead(t)
  })

  test.serial('what the API changes shows in the resource, and the other way round', async t => {
    t.timeout(PATIENCE_MS)
    const { status } = await table()
    await dynamo.send(new TagResourceCommand({ ResourceArn: status!.tableArn, Tags: [{ Key: 'by', Value: 'api' }] }))
    const seen = await until('mirrored', table, ({ spec }) => spec.tags!.length === 2)
    t.true(JSON.stringify(seen.metadata).includes('tavola-api'), 'it says who')
    await patch({
      tags: [{ key: 'team', value: 'new' }],
      streamSpecification: { streamEnabled: true, streamViewType: 'NEW_IMAGE' },
    })
    const changed = await until(
      'changed',
      table,
      table => isReady(table) && table.status!.latestStreamArn !== undefined,
    )
    t.deepEqual(changed.spec.tags, [{ key: 'team', value: 'new' }])
    // Against the resource: it has been changed after the API's last word.
    await until('agreed', table, seen => JSON.stringify(seen.status!.synced).includes('"new"'))
  })

  whole('a StreamTrigger tells a service of each change, is changed and disabled, and goes', async t => {
    const name = 'orders-hook'
    const spec = { tableName: 'Orders', target: 'http://hook.shop:8080/', signing: { secretRef: { name: 'hook' } } }
    const trigger = (more: object = {}) =>
      apply({ ...TRIGGER, metadata: { name, namespace: SHOP }, spec: { ...spec, ...more } })
    const seen = () => kubernetes.client.get<StreamTrigger>(path('streamtriggers', name))
    const because = (reason: string) => (seen: StreamTrigger) => {
      const ready = seen.status?.conditions?.find(({ type }) => type === 'Ready')
      return ready?.reason === reason && ready.observedGeneration === seen.metadata.generation
    }
    await apply({ apiVersion: 'v1', kind: 'List', items: receiver(SHOP) })
    await kubernetes.ready(SHOP, 'app=hook', 1)
    const hook = await kubernetes.reach('hook.shop:8080')
    await trigger({ startingPosition: 'TRIM_HORIZON' })
    await until('without its Secret', seen, because('NoSecret'))
    await kubernetes.kubectl(['create', 'secret', 'generic', 'hook', '-n', SHOP, '--from-literal=secret=abc'])
    await until('enabled', seen, because('Enabled'))
    await writeAndRead(t)
    const told = async () => (await received(hook)).filter(({ id }) => id === String(written))
    const [change] = await until('told', told, all => all.length > 0)
    t.regex(change!.signature, /^t=\d+,v1=[0-9a-f]{64}$/)
    await until('well', seen, ({ status }) => status?.lastResult === 'OK' && status.lag === '0s')
    const { stdout } = await kubernetes.kubectl(['get', 'streamtriggers', '-n', SHOP])
    t.regex(stdout, /orders-hook +Orders +http:\/\/hook\.shop:8080\/ +Enabled +True +0s +OK /)
    const { status } = await seen()
    // Another operator goes on with the same mapping.
    await operator.close()
    operator = await runOperator(kubernetes, installation)
    await trigger({ startingPosition: 'TRIM_HORIZON', enabled: false })
    t.is((await until('disabled', seen, because('Disabled'))).status!.uuid, status!.uuid)
    await writeAndRead(t)
    t.deepEqual(await told(), [])
    await trigger({ startingPosition: 'TRIM_HORIZON', batchSize: 1 })
    await until('told', told, all => all.length > 0)
    const events = (await kubernetes.kubectl(['get', 'events', '-n', SHOP, '-o', 'jsonpath={.items[*].reason}'])).stdout
    for (const reason of ['Created', 'Changed']) t.true(events.split(' ').includes(reason), reason)
    await kubernetes.kubectl(['delete', 'streamtrigger', name, '-n', SHOP])
    const mappings = await fetch(`${installation.api}/2015-03-31/event-source-mappings/`, { headers: SIGNED })
    t.deepEqual(await mappings.json(), { EventSourceMappings: [] })
  })

  whole('a pod is killed, and nothing is lost', async t => {
    const [pod] = await pods()
    await kubernetes.crashPod(pod!)
    await writeAndRead(t)
    await until('healthy', table, healthy)
  })

  whole('a zone goes, writes go on, and it comes back', async t => {
    await kubernetes.crashZone('zone-3')
    await writeAndRead(t)
    await until('degraded', table, seen => condition(seen, 'Degraded')?.status === 'True')
    await kubernetes.startZone('zone-3')
    await until('healthy', table, healthy)
    await writeAndRead(t)
  })

  whole('more pods come; fewer are emptied first, then go, and their volumes with them', async t => {
    await kubernetes.kubectl(['scale', 'table', 'orders', '-n', SHOP, '--replicas=4'])
    await kubernetes.ready(SHOP, 'tavola.dev/workload=orders-storage', 4, PATIENCE_MS)
    await until('healthy', table, healthy)
    await kubernetes.kubectl(['scale', 'table', 'orders', '-n', SHOP, '--replicas=3'])
    await kubernetes.ready(SHOP, 'tavola.dev/workload=orders-storage', 3, PATIENCE_MS)
    await until('without its volume', volumes, names => names.length === 3)
    await writeAndRead(t)
  })

  whole('volumes grow, and pods stay', async t => {
    const before = (await pods()).map(({ metadata }) => metadata.uid)
    await patch({ storage: { size: '2Gi' } })
    const sizes = async () =>
      (await kubernetes.kubectl(['get', 'pvc', '-n', SHOP, '-o', 'jsonpath={.items[*].status.capacity.storage}']))
        .stdout
    await until('grown', sizes, text => text === '2Gi 2Gi 2Gi')
    await until('healthy', table, healthy)
    t.deepEqual(
      (await pods()).map(({ metadata }) => metadata.uid),
      before,
    )
    await writeAndRead(t)
  })

  whole('a roll-out takes one pod at a time, and no write fails for good', async t => {
    const before = new Set((await pods()).map(({ metadata }) => metadata.uid))
    await operator.close()
    operator = await runOperator(kubernetes, installation, { image: 'tavola:next' })
    let most = 0
    await until(
      'rolled out',
      async () => {
        const now = await pods()
        const away =
          3 -
          now.filter(({ status }) =>
            status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
          ).length
        most = Math.max(most, away)
        await writeAndRead(t)
        return now
      },
      now => now.length === 3 && now.every(({ metadata }) => !before.has(metadata.uid)),
    )
    t.true(most <= 1, `${most} pods were away at once`)
    await until('healthy', table, healthy)
  })

  whole('a deleted StatefulSet comes again, and its data are there', async t => {
    await kubernetes.kubectl(['delete', 'sts', 'orders-storage', '-n', SHOP])
    await kubernetes.ready(SHOP, 'tavola.dev/workload=orders-storage', 3, PATIENCE_MS)
    await until('healthy', table, healthy)
    await writeAndRead(t)
  })

  whole('a name belongs to the first that asked for it', async t => {
    await apply({ ...ORDERS, metadata: { name: 'thief', namespace: SHOP } })
    const seen = await until(
      'refused',
      () => table('thief'),
      seen => condition(seen, 'Ready')?.reason === 'NameTaken',
    )
    t.regex(condition(seen, 'Ready')!.message, /belongs to the Table shop\/orders/)
    t.false(
      (await kubernetes.kubectl(['get', 'sts', '-n', SHOP, '-o', 'name'])).stdout.includes('thief'),
      'it has no pods',
    )
    await kubernetes.kubectl(['delete', 'table', 'thief', '-n', SHOP])
    await writeAndRead(t)
  })

  whole('a table of the API becomes a Table, in the default pool', async t => {
    await operator.close()
    operator = await runOperator(kubernetes, installation, { image: 'tavola:next', poolNodes: 3 })
    await kubernetes.ready(NAMESPACE, 'tavola.dev/workload=default-pool', 3, PATIENCE_MS)
    await dynamo.send(
      new CreateTableCommand({
        TableName: 'ByApi',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    )
    const find = async () =>
      (await kubernetes.client.list<Table>('/apis/tavola.dev/v1alpha1/tables')).find(
        ({ spec }) => spec.tableName === 'ByApi',
      )
    const made = await until('adopted', find, found => found !== undefined && isReady(found))
    t.is(made!.metadata.namespace, NAMESPACE)
    t.is(made!.metadata.annotations!['tavola.dev/origin'], 'api')
    t.is(made!.status!.storage!.pool, 'default')
  })

  whole('Retain keeps the table; a Table of its name takes it back; Delete lets it go', async t => {
    await kubernetes.kubectl(['delete', 'table', 'orders', '-n', SHOP])
    await writeAndRead(t)
    t.is((await pods()).length, 3)
    await apply(ORDERS)
    await ready()
    await writeAndRead(t)
    await patch({ deletionPolicy: 'Delete', deletionProtectionEnabled: true })
    await ready()
    await kubernetes.kubectl(['delete', 'table', 'orders', '-n', SHOP, '--wait=false'])
    await until('protected', table, seen => condition(seen, 'Ready')?.reason === 'DeletionProtected')
    await writeAndRead(t)
    await patch({ deletionProtectionEnabled: false })
    await gone('orders')
    const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}))
    t.false(TableNames.includes('Orders'))
    await until('without pods', pods, pods => pods.length === 0)
    await until('without volumes', volumes, names => names.length === 0)
  })
})
