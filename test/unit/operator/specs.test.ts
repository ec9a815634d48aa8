/** From resources to manifests and calls: pure functions, looked at from outside. */
import test from 'ava'
import fc from 'fast-check'
import type { Condition, StatefulSet } from '../../../operator/kube/objects.ts'
import { bytesOf, isSameAmount, largest } from '../../../operator/kube/quantity.ts'
import { covers } from '../../../operator/kube/same.ts'
import type { Backup, ScheduledBackup } from '../../../operator/resources/backup.ts'
import { withFindings } from '../../../operator/specs/conditions.ts'
import {
  nodeOf,
  ordinalOf,
  poolIdOf,
  resourceNameOf,
  sharedWorkload,
  workloadOf,
} from '../../../operator/specs/names.ts'
import { podSettingsOf } from '../../../operator/specs/podsettings.ts'
import { placementOf, poolOf, withClaimsOf } from '../../../operator/specs/pool.ts'
import { backupNameOf, dueOf, outlived } from '../../../operator/specs/schedule.ts'
import { storageManifests } from '../../../operator/specs/storage.ts'
import { STORAGE, tableOf, USUAL } from './tables.ts'

const NODE = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const resourceName = fc.array(label, { minLength: 1, maxLength: 4 }).map(parts => parts.join('.'))

test('workloads, pools and nodes have names that Kubernetes and the cluster take', t => {
  fc.assert(
    fc.property(label, resourceName, fc.integer({ min: 0, max: 99_999 }), (namespace, name, ordinal) => {
      const workload = workloadOf(tableOf(name, {}, { namespace }))
      t.regex(workload, /^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/)
      t.regex(nodeOf(poolIdOf(namespace, workload, 'home'), ordinal), NODE)
      t.is(ordinalOf(workload, `${workload}-${ordinal}`), ordinal)
      t.is(ordinalOf(workload, `${workload}-x-${ordinal}`), -1)
    }),
  )
  t.is(workloadOf(tableOf('orders')), 'orders-storage')
  t.is(workloadOf(tableOf('orders', { storage: { pool: 'small', nodes: 3, size: '1Gi' } })), 'small-pool')
})

test('what differs is called differently', t => {
  const pairs = fc.tuple(label, resourceName)
  fc.assert(
    fc.property(pairs, pairs, (a, b) => {
      const [one, other] = [a, b].map(([namespace, name]) => poolIdOf(namespace, workloadOf(tableOf(name)), 'home'))
      t.is(one === other, a.join('/') === b.join('/'))
    }),
  )
  t.not(poolIdOf('a-b', 'c-pool', 'home'), poolIdOf('a', 'b-c-pool', 'home'))
  t.is(poolIdOf('home', sharedWorkload('default'), 'home'), 'default')
  t.not(poolIdOf('shop', sharedWorkload('default'), 'home'), 'default')
})

test('a table that was made through the API gets a name that tells it apart', t => {
  t.is(resourceNameOf('orders.v1'), 'orders.v1')
  for (const name of ['Orders', 'orders_v1', '-a-', '...', 'a'.repeat(255)])
    t.regex(resourceNameOf(name), /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, name)
  t.not(resourceNameOf('Orders'), resourceNameOf('ORDERS'))
})

test('a shared pool is as large as the largest of its wishes, and placed as each table says', t => {
  const small = tableOf('a', { storage: { pool: 'p', nodes: 3, size: '10Gi' } })
  const large = tableOf('b', { storage: { pool: 'p', nodes: 5, size: '900Mi' }, replicas: 2, zones: ['z2', 'z1'] })
  const pool = poolOf([small, large, tableOf('c')], 'shop', 'p-pool', USUAL)!
  t.like(pool, { nodes: 5, size: '10Gi', owner: undefined, zones: undefined })
  t.deepEqual(
    pool.tables.map(({ metadata }) => metadata.name),
    ['a', 'b'],
  )
  t.deepEqual(placementOf(large, pool), { pool: pool.id, replicas: 2, partitions: 1, zones: ['z1', 'z2'] })
  t.is(poolOf([], 'shop', 'p-pool', USUAL), undefined)
  t.like(poolOf([], 'tavola', 'default-pool', USUAL), { id: 'default', nodes: 3 })
})

test('a table of its own has as many partitions as pods, if it does not say', t => {
  const table = tableOf('a', { storage: { nodes: 4, size: '1Gi' } })
  const pool = poolOf([table], 'shop', 'a-storage', USUAL)!
  t.is(placementOf(table, pool).partitions, 4)
  t.is(pool.owner, table)
})

test('storage pods are spread, restricted, and know who they are', t => {
  const pool = poolOf([tableOf('orders', { zones: ['z1'] })], 'shop', 'orders-storage', USUAL)!
  const manifests = storageManifests(pool, STORAGE, 3)
  t.deepEqual(
    manifests.map(({ kind }) => kind),
    ['Service', 'PodDisruptionBudget', 'NetworkPolicy', 'StatefulSet'],
  )
  // biome-ignore lint/suspicious/noExplicitAny: manifests are looked at as they are sent
  const { spec } = manifests[3] as any
  t.like(spec, { replicas: 3, podManagementPolicy: 'Parallel', updateStrategy: { type: 'OnDelete' } })
  const pod = spec.template.spec
  t.like(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  t.like(pod.containers[0].securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true })
  t.false(pod.automountServiceAccountToken)
  t.is(pod.topologySpreadConstraints[0].topologyKey, 'topology.kubernetes.io/zone')
  const environment = new Map(
    pod.containers[0].env.map(({ name, value, valueFrom }: never) => [name, value ?? valueFrom]),
  )
  t.is(environment.get('TAVOLA_NODE'), `${pool.id}-$(POD_ORDINAL)`)
  t.deepEqual(environment.get('TAVOLA_ZONE'), {
    fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" },
  })
})

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked at as they are sent
const templateOf = (...made: Parameters<typeof storageManifests>): any =>
  (storageManifests(...made)[3] as unknown as StatefulSet).spec.template

test('storage pods have what the operator was told, and each Table its own resources', t => {
  const pods = podSettingsOf({
    ...{ labels: { team: 'data', 'app.kubernetes.io/name': 'mine' }, annotations: { note: 'x' } },
    ...{ nodeSelector: { disk: 'nvme' }, tolerations: [{ key: 'dedicated' }], priorityClassName: 'high' },
    ...{ imagePullSecrets: [{ name: 'registry' }], resources: { requests: { cpu: '2' } } },
  })
  const poolWith = (spec: object) => poolOf([tableOf('orders', spec)], 'shop', 'orders-storage', USUAL)!
  const { metadata, spec } = templateOf(poolWith({}), { ...STORAGE, pods }, 3)
  t.like(metadata, { annotations: { note: 'x' }, labels: { team: 'data', 'app.kubernetes.io/name': 'tavola' } })
  const { nodeSelector, tolerations, priorityClassName, imagePullSecrets } = pods
  t.like(spec, { nodeSelector, tolerations, priorityClassName, imagePullSecrets })
  t.is(spec.affinity, undefined)
  t.deepEqual(spec.containers[0].resources, { requests: { cpu: '2' } })
  const own = { requests: { cpu: '1' } }
  t.deepEqual(templateOf(poolWith({ resources: own }), { ...STORAGE, pods }, 3).spec.containers[0].resources, own)
  t.false('resources' in templateOf(poolWith({}), STORAGE, 3).spec.containers[0])
})

test('a Table’s zones hold in each of the alternatives of an affinity', t => {
  const pool = poolOf([tableOf('orders', { zones: ['z1'] })], 'shop', 'orders-storage', USUAL)!
  const disk = { key: 'disk', operator: 'Exists' }
  const zone = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['z1'] }
  const required = (nodeSelectorTerms: object[]) => ({
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  })
  const podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [] }
  const affinity = { nodeAffinity: required([{ matchExpressions: [disk] }, { matchFields: [] }]), podAntiAffinity }
  const told = { ...STORAGE, pods: podSettingsOf({ affinity }) }
  t.deepEqual(templateOf(pool, told, 3).spec.affinity, {
    nodeAffinity: required([{ matchExpressions: [disk, zone] }, { matchFields: [], matchExpressions: [zone] }]),
    podAntiAffinity,
  })
  t.deepEqual(templateOf({ ...pool, zones: undefined }, told, 3).spec.affinity, affinity)
  t.deepEqual(templateOf(pool, STORAGE, 3).spec.affinity.nodeAffinity, required([{ matchExpressions: [zone] }]))
})

test('what is no setting of pods is refused by name', t => {
  t.throws(() => podSettingsOf({ nodeselector: {} }), { message: /no setting nodeselector/ })
  t.throws(() => podSettingsOf({ nodeSelector: { a: 1 } }), { message: /nodeSelector .* must be an object of texts/ })
  t.throws(() => podSettingsOf({ tolerations: {} }), { message: /tolerations .* must be a list of objects/ })
  t.throws(() => podSettingsOf({ constructor: {} }), { message: /no setting constructor/ })
})

test('claims for volumes stay as they are where a StatefulSet may not change them', t => {
  const pool = poolOf([], 'tavola', 'default-pool', { ...USUAL, storageClassName: 'fast' })!
  const claim = (storage: string, storageClassName?: string) => {
    const spec = { storageClassName, resources: { requests: { storage } } }
    return { metadata: { name: 'a' }, spec: { volumeClaimTemplates: [{ spec }] } } as unknown as StatefulSet
  }
  t.like(withClaimsOf(pool, undefined), { size: '10Gi', storageClassName: 'fast' })
  t.like(withClaimsOf(pool, claim('20Gi', 'slow')), { size: '20Gi', storageClassName: 'slow' })
  t.like(withClaimsOf(pool, claim('5Gi')), { size: '10Gi', storageClassName: undefined })
})

test('tables that were made through the API make the default pool neither larger nor keep it so', t => {
  const storage = { pool: 'default', nodes: 9, size: '90Gi' }
  const byApi = { namespace: 'tavola', annotations: { 'tavola.dev/origin': 'api' } }
  const adopted = tableOf('a', { storage }, byApi)
  t.like(poolOf([adopted], 'tavola', 'default-pool', USUAL), { nodes: 3, size: '10Gi', tables: [adopted] })
  const applied = tableOf('b', { storage }, { namespace: 'tavola' })
  t.like(poolOf([adopted, applied], 'tavola', 'default-pool', USUAL), { nodes: 9, size: '90Gi' })
})

test('only pods whose data may go belong to their table', t => {
  const owned = (spec: object) => {
    const pool = poolOf([tableOf('orders', spec)], 'shop', 'orders-storage', USUAL)!
    return storageManifests(pool, STORAGE, 3).every(({ metadata }) => metadata.ownerReferences?.length === 1)
  }
  t.true(owned({ deletionPolicy: 'Delete' }))
  t.false(owned({ deletionPolicy: 'Delete', deletionProtectionEnabled: true }))
  t.false(owned({ deletionPolicy: 'Retain' }))
})

test('quantities are compared as amounts', t => {
  t.is(largest(['1Gi', '1025Mi', '1e9']), '1025Mi')
  t.is(bytesOf('1.5Ki'), 1536)
  t.is(bytesOf('500m'), 0.5)
  t.true(Number.isNaN(bytesOf('ten')))
  t.true(isSameAmount('1024Mi', '1Gi') && isSameAmount('1000m', '1'))
  t.false(isSameAmount('1Gi', '1G') || isSameAmount('ten', 'ten'))
})

test('a condition keeps its time until its status changes', t => {
  const before: Condition[] = [
    { type: 'Ready', status: 'True', reason: 'A', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
    { type: 'Others', status: 'True', reason: 'A', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]
  const ready = { status: true, reason: 'B', message: 'b' }
  const same = withFindings(before, { Ready: ready }, 2, 1e12)
  t.like(
    same.find(({ type }) => type === 'Ready'),
    { reason: 'B', lastTransitionTime: '2026-01-01T00:00:00Z' },
  )
  t.is(same.length, 2)
  const other = withFindings(before, { Ready: { ...ready, status: false } }, 2, 1e12)
  t.like(
    other.find(({ type }) => type === 'Ready'),
    { status: 'False', lastTransitionTime: '2001-09-09T01:46:40Z' },
  )
})

test('an object is as a manifest says, whatever the API server adds', t => {
  t.true(covers({ a: 1, b: { c: [{ d: 'x', e: 2 }] }, more: true }, { a: 1, b: { c: [{ d: 'x' }] } }))
  t.true(covers({ a: '1' }, { a: 1, none: undefined, empty: [], nothing: {} }))
  t.false(covers({ a: 2 }, { a: 1 }))
  t.false(covers({ a: [1, 2] }, { a: [1] }))
  t.true(covers({ cpu: '1', memory: '1Gi' }, { cpu: '1000m', memory: '1024Mi' }))
  t.false(covers({ cpu: '2' }, { cpu: '1000m' }))
  t.false(covers({ a: {} }, { a: 'x' }))
  t.false(covers({}, { a: { b: 1 } }))
  t.false(covers({ a: 1 }, { a: null }))
})

const schedule = (spec: object) =>
  ({
    metadata: { name: 'nightly' },
    spec: { table: 'a', schedule: '30 2 * * *', timeZone: 'UTC', ...spec },
  }) as unknown as ScheduledBackup

test('a backup is due once for each time that has come, and what was missed meanwhile is one', t => {
  const at = (text: string) => Date.parse(text)
  const since = at('2026-05-01T02:30:00Z')
  t.is(dueOf(schedule({}), since, at('2026-05-02T02:29:59Z')).last, undefined)
  t.is(dueOf(schedule({}), since, at('2026-05-02T02:30:00Z')).last, at('2026-05-02T02:30:00Z'))
  const late = dueOf(schedule({}), since, at('2026-05-05T12:00:00Z'))
  t.is(late.last, at('2026-05-05T02:30:00Z'))
  t.is(late.next, at('2026-05-06T02:30:00Z'))
  t.is(dueOf(schedule({}), late.last!, at('2026-05-05T12:00:00Z')).last, undefined)
  const vienna = dueOf(schedule({ timeZone: 'Europe/Vienna' }), since, at('2026-05-02T12:00:00Z'))
  t.is(vienna.last, at('2026-05-02T00:30:00Z'))
  t.throws(() => dueOf(schedule({ schedule: '99 * * * *' }), since, since))
  t.throws(() => dueOf(schedule({ timeZone: 'Atlantis' }), since, since))
  t.is(backupNameOf(schedule({}), late.last!), 'nightly-20260505t0230')
})

test('old backups go, the last good one never', t => {
  const now = Date.parse('2026-05-10T00:00:00Z')
  const backup = (day: number, backupStatus: string) =>
    ({
      metadata: { name: `b${day}`, creationTimestamp: `2026-05-0${day}T00:00:00Z` },
      status: { backupStatus },
    }) as unknown as Backup
  const names = (backups: Backup[], retention: object) =>
    outlived(backups, retention, now)
      .map(({ metadata }) => metadata.name)
      .sort()
  const all = [backup(1, 'AVAILABLE'), backup(2, 'AVAILABLE'), backup(3, 'FAILED'), backup(4, 'CREATING')]
  t.deepEqual(names(all, { count: 1 }), ['b1'])
  t.deepEqual(names(all, { days: 3 }), ['b1', 'b3', 'b4'])
  t.deepEqual(outlived(all, undefined, now), [])
  t.deepEqual(names([backup(1, 'AVAILABLE'), backup(9, 'FAILED')], { days: 3, count: 1 }), [])
})
