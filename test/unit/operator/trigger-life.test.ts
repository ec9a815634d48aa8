/** A StreamTrigger's life, told by its reconciler to a real server; only Kubernetes is played: shelves of objects. */
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateTableCommand, DescribeTableCommand, PutItemCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { httpApi } from '../../../operator/dataplane/api.ts'
import { Mappings } from '../../../operator/dataplane/mappings.ts'
import { Records } from '../../../operator/dataplane/records.ts'
import { KubeError } from '../../../operator/kube/errors.ts'
import { type Kind, keyOf } from '../../../operator/kube/kinds.ts'
import type { KubeObject, Secret } from '../../../operator/kube/objects.ts'
import type { Context } from '../../../operator/reconcilers/context.ts'
import { reconcileTrigger } from '../../../operator/reconcilers/trigger/reconcile.ts'
import type { StreamTrigger, StreamTriggerSpec } from '../../../operator/resources/streamtrigger.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { silent } from '../../../server/base/logger.ts'
import { sdkClient } from '../../helpers/node.ts'
import { Receiver } from '../../helpers/receiver.ts'
import { makeWorld } from '../../helpers/world.ts'
import { triggerOf } from './streamtriggers.ts'

const PATIENCE_MS = 60_000
const TABLE = 'Orders'

/** StreamTriggers, and what was written of them. */
class Shelf {
  readonly triggers = new Map<string, StreamTrigger>()
  secrets: Secret[] | 'forbidden' = []
  readonly events: string[] = []

  get = (key: string) => this.triggers.get(key)
  list = () => [...this.triggers.values()]
  put = (object: StreamTrigger) => void this.triggers.set(keyOf(object), object)

  readonly client = {
    get: async (_: Kind<Secret>, __: string, name: string) => {
      if (this.secrets === 'forbidden') throw new KubeError(403, 'Forbidden', 'no')
      return this.secrets.find(({ metadata }) => metadata.name === name)
    },
    merge: async (_: unknown, { metadata }: KubeObject) => {
      const before = this.get(keyOf({ metadata }))!
      const after = { ...before, metadata: { ...before.metadata, ...metadata } }
      if (before.metadata.deletionTimestamp && after.metadata.finalizers?.length === 0)
        this.triggers.delete(keyOf(before))
      else this.put(after)
      return after
    },
    applyStatus: async (_: unknown, { metadata, status }: StreamTrigger) => {
      const after = { ...this.get(keyOf({ metadata }))!, status }
      this.put(after)
      return after
    },
  }

  /** As `kubectl apply`. */
  apply(name: string, spec: Partial<StreamTriggerSpec>, namespace = 'shop'): void {
    const before = this.get(`${namespace}/${name}`)
    const generation = (before?.metadata.generation ?? 0) + 1
    const times = { creationTimestamp: `2026-01-01T00:00:${String(this.triggers.size).padStart(2, '0')}Z` }
    const made = triggerOf(name, { ...before?.spec, ...spec }, { ...times, ...before?.metadata, namespace, generation })
    this.put(before?.status ? { ...made, status: before.status } : made)
  }

  delete(key: string): void {
    const { metadata, ...rest } = this.get(key)!
    this.put({ ...rest, metadata: { ...metadata, deletionTimestamp: 'now' } })
  }
}

test('made, changed, disabled, taken over to another stream, deleted', async t => {
  t.timeout(PATIENCE_MS * 2)
  const world = makeWorld()
  t.teardown(() => world.close())
  const receiver = await Receiver.start()
  t.teardown(() => receiver.close())
  await world.storage('one')
  const { endpoint } = await world.server({ replicas: 1, triggerHosts: ['127.0.0.1'] })
  const db = sdkClient(endpoint)
  t.teardown(() => db.destroy())
  await makeTable(db)

  const realm = { account: '123456789012', region: 'us-east-1' }
  const records = new Records(world.metadata, realm)
  const mappings = new Mappings(world.metadata, realm, systemClock)
  t.teardown(() => records.stop())
  t.teardown(() => mappings.stop())
  await records.start(() => {})
  await mappings.start(() => {})
  const shelf = new Shelf()
  const context = {
    ...{ client: shelf.client, caches: { triggers: shelf }, api: httpApi({ endpoint, region: realm.region }) },
    ...{ records, mappings, clock: systemClock, logger: silent },
    record: (_: KubeObject, type: string, reason: string) => shelf.events.push(`${type} ${reason}`),
  } as unknown as Context
  /** Looks again and again, as the operator does. */
  const until = async (name: string, isSo: (seen: StreamTrigger | undefined) => boolean) => {
    const key = name.includes('/') ? name : `shop/${name}`
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(20)) {
      await reconcileTrigger(key, context)
      const seen = shelf.get(key)
      if (isSo(seen)) return seen!
      if (Date.now() > end) throw new Error(`not so: ${JSON.stringify(seen)}`)
    }
  }
  const condition = (seen: StreamTrigger | undefined, type: string) =>
    seen?.status?.conditions?.find(condition => condition.type === type)
  const because = (reason: string) => (seen: StreamTrigger | undefined) => condition(seen, 'Ready')?.reason === reason
  let n = 0
  const write = () => db.send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: 'a' }, n: { N: String(++n) } } }))
  const heard = (path: string) =>
    receiver.received.filter(request => request.path === path).flatMap(({ body }) => numbers(body))

  // Nobody's table, then another namespace's: its items are not for this one to see.
  const hook = `${receiver.url}/one`
  shelf.apply('one', { target: hook, startingPosition: 'TRIM_HORIZON' })
  await until('one', because('NoTable'))
  await records.setClaim(TABLE, { namespace: 'other', name: 'orders', uid: 'u' })
  await until('one', because('NoTable'))
  await records.setClaim(TABLE, { namespace: 'shop', name: 'orders', uid: 'u' })
  await write()
  const made = await until('one', because('Enabled'))
  await until('one', seen => seen?.status?.lastResult === 'OK')
  t.deepEqual(heard('/one'), [1])
  t.regex(made.status!.streamArn!, /:table\/Orders\/stream\//)
  t.is(condition(made, 'Ready')!.observedGeneration, 1)
  t.is(condition(made, 'Degraded')!.status, 'False')

  // A status that was not written: the mapping is found by what it is.
  const { uuid } = made.status!
  shelf.put({ ...shelf.get('shop/one')!, status: {} })
  t.is((await until('one', because('Enabled'))).status!.uuid, uuid)

  // The same target again is refused, and so is what the server does not call.
  shelf.apply('two', { target: hook })
  t.is(condition(await until('two', because('TargetTaken')), 'Degraded')!.status, 'True')
  shelf.apply('two', { target: 'http://example.com/' })
  t.regex(condition(await until('two', because('Refused')), 'Ready')!.message, /example.com is not an allowed host/)

  // Signed with a Secret, which must be there, and may be changed.
  shelf.apply('one', { signing: { secretRef: { name: 'key' } } })
  shelf.secrets = 'forbidden'
  await until('one', because('SecretForbidden'))
  shelf.secrets = []
  await until('one', because('NoSecret'))
  for (const secret of ['first', 'second']) {
    shelf.secrets = [{ metadata: { name: 'key' }, data: { secret: Buffer.from(secret).toString('base64') } }]
    await until('one', seen => because('Enabled')(seen) && mappings.find(uuid!)?.settings.signing?.secret === secret)
    await write()
    await until('one', () => heard('/one').includes(n))
    const { headers, body } = receiver.received.at(-1)!
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['tavola-signature'] as string)!
    t.is(signature, createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'))
  }
  t.false(JSON.stringify(shelf.get('shop/one')).includes('second'))

  // What the API changes is changed back.
  await t.throwsAsync(context.api.mapping('PUT', uuid, { Signing: { KeyId: 'a' } }), { message: /Secret/ })
  const shown = await context.api.mapping('PUT', uuid, { BatchSize: 7 })
  t.deepEqual([shown.BatchSize, shown.Signing], [7, { KeyId: 'tavola' }])
  await until('one', () => shelf.events.includes('Warning Overruled'))
  await until('one', seen => because('Enabled')(seen) && mappings.find(uuid!)?.settings.batchSize === 100)

  // A function that fails is seen, and by how long it has been waited for.
  receiver.answer = () => ({ status: 500 })
  await write()
  const failing = await until(
    'one',
    seen => condition(seen, 'Degraded')?.reason === 'Failing' && seen?.status?.lag !== '0s',
  )
  t.regex(failing.status!.lastResult!, /^PROBLEM: .*status 500/)
  t.is(condition(failing, 'Ready')!.status, 'True')
  receiver.answer = () => ({})
  await until('one', seen => seen?.status?.lag === '0s' && seen.status.lastResult === 'OK')

  // Disabled, it keeps its place.
  shelf.apply('one', { enabled: false, signing: undefined as never })
  t.is((await until('one', because('Disabled'))).status!.lag, undefined)
  await write()
  // Another stream: what is left of the first comes first, and of the second all.
  await setStream(db, false)
  await setStream(db, true)
  await write()
  await until('one', because('OldStream'))
  shelf.apply('one', { enabled: true, startingPosition: 'LATEST' })
  const moved = await until('one', seen => because('Enabled')(seen) && heard('/one').includes(n))
  t.not(moved.status!.uuid, uuid)
  t.not(moved.status!.streamArn, made.status!.streamArn)
  const once = heard('/one').filter((value, i, all) => all.indexOf(value) === i)
  t.deepEqual(
    once,
    Array.from({ length: n }, (_, i) => i + 1),
  )

  // Deleted by somebody else, it is made again; with its resource it goes.
  await context.api.mapping('DELETE', moved.status!.uuid)
  const again = await until('one', seen => because('Enabled')(seen) && seen?.status?.uuid !== moved.status!.uuid)
  // One without the table can not delete it either.
  shelf.apply('thief', { target: hook }, 'other')
  await until('other/thief', because('NoTable'))
  shelf.delete('other/thief')
  await until('other/thief', seen => seen === undefined)
  t.truthy(mappings.find(again.status!.uuid!))
  shelf.delete('shop/one')
  await until('one', seen => seen === undefined)
  t.is(mappings.find(again.status!.uuid!), undefined)
  for (const event of ['Normal Created', 'Warning Refused', 'Warning Overruled', 'Warning Failing', 'Normal Changed'])
    t.true(shelf.events.includes(event), event)
  t.true(shelf.events.includes('Warning DeletedThroughApi'))
})

const STREAM = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' as const }

async function makeTable(db: DynamoDBClient): Promise<void> {
  await db.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification: STREAM,
    }),
  )
  await active(db)
}

async function setStream(db: DynamoDBClient, StreamEnabled: boolean): Promise<void> {
  const StreamSpecification = StreamEnabled ? STREAM : { StreamEnabled }
  await db.send(new UpdateTableCommand({ TableName: TABLE, StreamSpecification }))
  await active(db)
}

async function active(db: DynamoDBClient): Promise<void> {
  while ((await db.send(new DescribeTableCommand({ TableName: TABLE }))).Table!.TableStatus !== 'ACTIVE')
    await sleep(20)
}

function numbers(body: string): number[] {
  const { Records } = JSON.parse(body) as { Records: { dynamodb: { NewImage: { n: { N: string } } } }[] }
  return Records.map(({ dynamodb }) => Number(dynamodb.NewImage.n.N))
}
