/** The client's own parts: caches that follow, elections, patches that are not sent. */
import test from 'ava'
import { KubeClient } from '../../../operator/kube/client.ts'
import { Election, microTime } from '../../../operator/kube/election.ts'
import { KubeError } from '../../../operator/kube/errors.ts'
import { LEASES, PODS, pathOf, SERVICES } from '../../../operator/kube/kinds.ts'
import type { Lease, Service } from '../../../operator/kube/objects.ts'
import { Reflector } from '../../../operator/kube/reflector.ts'
import { silent } from '../../../server/base/logger.ts'
import { rest, Scripted, StillClock } from './scripted.ts'

function follow() {
  const [server, clock] = [new Scripted(), new StillClock()]
  const reflector = new Reflector({ client: new KubeClient(server), clock, logger: silent }, PODS, {
    resyncMs: 100_000,
  })
  const told: string[] = []
  reflector.listen(key => told.push(key))
  const known = () =>
    reflector
      .list()
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .sort()
  const there = () =>
    [...server.objects.values()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort()
  return { server, clock, reflector, told, known, there }
}

test('a cache lists, then follows; a watch that ends goes on from where it was', async t => {
  const { server, clock, reflector, told, known, there } = follow()
  server.set('a')
  await reflector.start()
  t.deepEqual([known(), told], [['a@1'], ['n/a']])
  server.set('b')
  server.set('a')
  server.delete('b')
  await rest()
  t.deepEqual(known(), ['a@3'])
  server.cut()
  server.set('c')
  await clock.pass(60_000)
  t.deepEqual(known(), there())
  t.is(server.lists, 1)
  t.true(server.watches >= 2)
  await reflector.stop()
})

test('when its place is forgotten it lists anew, and sees what has gone meanwhile', async t => {
  const { server, clock, reflector, known, there } = follow()
  server.set('a')
  server.set('b')
  await reflector.start()
  server.cut()
  await rest()
  server.delete('a')
  server.set('c')
  server.oldest = 100
  await clock.pass(60_000)
  t.deepEqual(known(), there())
  t.is(server.lists >= 2, true)
  server.oldest = 0
  await reflector.stop()
})

test('it waits for a server that is away, and tells everything now and then', async t => {
  const { server, clock, reflector, told } = follow()
  server.set('a')
  server.next = new KubeError(0, 'NoAnswer', 'away')
  const started = reflector.start()
  await clock.pass(5000)
  await started
  t.is(told.length, 1)
  await clock.pass(100_000)
  t.true(told.length > 1)
  await reflector.stop()
})

test('an answer to a write is known at once, and does not undo what is newer', async t => {
  const { server, reflector, known } = follow()
  const old = server.set('a')
  server.set('a')
  await reflector.start()
  reflector.put(old as never)
  t.deepEqual(known(), ['a@2'])
  reflector.put({ ...old, metadata: { ...old.metadata, resourceVersion: '10' } } as never)
  t.deepEqual(known(), ['a@10'])
  await reflector.stop()
})

function candidate(server: Scripted, clock: StillClock, identity: string, leaseSeconds = 15) {
  const state = { elected: false, lost: false }
  const election = new Election(
    { client: new KubeClient(server), clock, logger: silent },
    { namespace: 'n', name: 'lease', identity, leaseSeconds },
    () => {
      state.elected = true
    },
    () => {
      state.lost = true
    },
  )
  election.start()
  return { state, election }
}

test('one of two is elected; the other one takes over when it has gone, at once if it said so', async t => {
  const [server, clock] = [new Scripted(), new StillClock()]
  const first = candidate(server, clock, 'first')
  await rest()
  const second = candidate(server, clock, 'second')
  await clock.pass(60_000)
  t.deepEqual(
    [first.state, second.state],
    [
      { elected: true, lost: false },
      { elected: false, lost: false },
    ],
  )
  await first.election.stop()
  await clock.pass(8000)
  t.true(second.state.elected)
  const { spec } = server.objects.get('lease') as Lease
  t.like(spec, { holderIdentity: 'second', leaseTransitions: 1 })
  t.regex(spec!.renewTime!, /\.\d{6}Z$/)
  await second.election.stop()
})

test('who cannot renew stops before anybody else begins', async t => {
  const [server, clock] = [new Scripted(), new StillClock()]
  const cutOff = new Scripted()
  let isAway = false
  const transport = {
    send: (request: never) => (isAway ? Promise.reject(new KubeError(0, 'NoAnswer', 'away')) : server.send(request)),
    lines: cutOff.lines,
  }
  const first = candidate(transport as unknown as Scripted, clock, 'first')
  await rest()
  t.true(first.state.elected)
  const second = candidate(server, clock, 'second')
  isAway = true
  for (let second_ = 0; second_ < 60; second_++) {
    await clock.pass(1000)
    if (second.state.elected) t.true(first.state.lost)
  }
  t.true(second.state.elected)
  await Promise.all([first.election.stop(), second.election.stop()])
})

test('of two that see a lease over one gets it', async t => {
  const [server, clock] = [new Scripted(), new StillClock()]
  server.set('lease', { spec: { holderIdentity: 'gone', leaseDurationSeconds: 1 } })
  const both = [candidate(server, clock, 'a'), candidate(server, clock, 'b')]
  await clock.pass(60_000)
  t.is(both.filter(({ state }) => state.elected).length, 1)
  for (const { election } of both) await election.stop()
})

test('what is as wanted is not patched', async t => {
  const server = new Scripted()
  const client = new KubeClient(server)
  const manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n' },
    spec: { clusterIP: 'None' },
  }
  server.set('s')
  await client.apply(SERVICES, manifest, undefined)
  const { body, query, contentType } = server.requests[0]! as never as {
    body: Service
    query: object
    contentType: string
  }
  t.is(contentType, 'application/apply-patch+yaml')
  t.like(query, { fieldManager: 'tavola-operator', force: true })
  const actual = { ...body, spec: { ...body.spec, type: 'ClusterIP' } }
  t.is(await client.apply(SERVICES, manifest, actual), undefined)
  t.is(server.requests.length, 1)
  await client.apply(SERVICES, { ...manifest, metadata: { ...manifest.metadata, labels: { a: 'b' } } }, actual)
  t.is(server.requests.length, 2)
})

test('paths and times are Kubernetes’ own', t => {
  t.is(pathOf(PODS), '/api/v1/pods')
  t.is(pathOf(LEASES, 'n', 'x'), '/apis/coordination.k8s.io/v1/namespaces/n/leases/x')
  t.is(microTime(1_700_000_000_123), '2023-11-14T22:13:20.123000Z')
})
