/** What the chart makes of its values, and which it refuses. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { podSettingsOf } from '../../operator/specs/podsettings.ts'
import { helmBinaryHere } from '../../scripts/kubernetes/binaries.ts'
import { CHART, helm, type Manifest, only, render } from './chart.ts'

const CRDS = join(CHART, '../../crds')
const COMPONENTS = ['etcd', 'nats', 'server', 'operator']

/** Where helm is not here, the tests are one that says so. */
function onHelm(declare: () => void): void {
  try {
    helmBinaryHere()
  } catch (error) {
    test.skip((error as Error).message, t => t.pass())
    return
  }
  declare()
}

const podSpec = ({ kind, spec }: Manifest) => (kind === 'Pod' ? spec : spec.template.spec)
const isPool = ({ kind, metadata }: Manifest) => kind === 'StatefulSet' && metadata.name === 'default-pool'
const hasPods = ({ kind }: Manifest) => ['Pod', 'Deployment', 'StatefulSet'].includes(kind)
const variables = (manifest: Manifest): Record<string, string> =>
  Object.fromEntries(podSpec(manifest).containers[0].env.map((v: { name: string; value: string }) => [v.name, v.value]))

onHelm(() => {
  test('it is well-formed by helm itself', async t => {
    const said = await helm(['lint', '--strict', CHART, '--kube-version', '1.36.0'])
    t.regex(said, /0 chart\(s\) failed/)
  })

  test('by default it is whole: etcd, NATS, servers, the operator, and nobody alone', async t => {
    const all = await render()
    for (const component of COMPONENTS) {
      const workload = all.find(each => ['Deployment', 'StatefulSet'].includes(each.kind) && isOf(each, component))!
      t.deepEqual(only(all, 'PodDisruptionBudget', component).spec.selector, workload.spec.selector, component)
      const zones = podSpec(workload).topologySpreadConstraints[0]
      t.is(zones.topologyKey, 'topology.kubernetes.io/zone')
      t.deepEqual(zones.labelSelector, workload.spec.selector)
    }
    t.is(all.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').length, 1)
    t.false('replicas' in only(all, 'Deployment', 'server').spec, 'the autoscaler has them')
    t.is(variables(only(all, 'Deployment', 'operator')).TAVOLA_POOL_NODES, '3')
  })

  test('all pods may run under the restricted standard, and ask for what they need', async t => {
    const all = await render('operator.enabled=false')
    for (const manifest of [...all, ...(await render())].filter(hasPods)) {
      const { securityContext, containers, automountServiceAccountToken } = podSpec(manifest)
      t.true(securityContext.runAsNonRoot, manifest.metadata.name)
      t.is(securityContext.seccompProfile.type, 'RuntimeDefault')
      t.is(automountServiceAccountToken, isOf(manifest, 'operator') ? undefined : false, manifest.metadata.name)
      for (const { securityContext, resources } of containers) {
        const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = securityContext
        t.deepEqual([allowPrivilegeEscalation, readOnlyRootFilesystem], [false, true])
        t.deepEqual(capabilities.drop, ['ALL'])
        t.truthy(resources.requests.memory)
      }
    }
  })

  test('without the operator the chart makes the default pool, as the operator would call it', async t => {
    const all = await render(
      'operator.enabled=false',
      'storage.replicas=6',
      'storage.size=1Ti',
      'storage.storageClassName=fast',
    )
    const { spec, metadata } = only(all, 'StatefulSet', 'pool')
    t.is(metadata.name, 'default-pool')
    t.is(spec.replicas, 6)
    t.like(spec.volumeClaimTemplates[0].spec, { storageClassName: 'fast', resources: { requests: { storage: '1Ti' } } })
    t.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: 'Retain', whenScaled: 'Retain' })
    t.false(all.some(each => isOf(each, 'operator') && each.kind === 'Deployment'))
    t.false((await render()).some(each => each.kind === 'StatefulSet' && isOf(each, 'storage')))
  })

  test('the built-in NATS keeps what it acknowledges, in different zones', async t => {
    const config = (manifests: Manifest[]) =>
      (only(manifests, 'ConfigMap', 'nats') as unknown as Config).data['nats.conf']!
    type Config = { data: Record<string, string> }
    const text = config(await render('nats.size=2Ti'))
    for (const line of ['sync_interval: always', 'unique_tag: "az:"', 'max_payload: 16MB', 'max_file_store: 2TB'])
      t.true(text.includes(line), line)
    t.false(config(await render('nats.uniqueZones=false')).includes('unique_tag'))
    const before = only(await render(), 'StatefulSet', 'nats').spec.template.metadata.annotations
    const after = only(await render('nats.size=1Gi'), 'StatefulSet', 'nats').spec.template.metadata.annotations
    t.notDeepEqual(before, after, 'another configuration restarts it')
  })

  test('an etcd and a NATS of yours, with TLS, go to all that ask them', async t => {
    const etcd = ['etcd.enabled=false', 'etcd.endpoints={https://a:2379,https://b:2379}']
    const nats = ['nats.enabled=false', 'nats.urls={tls://n:4222}']
    const all = await render(...etcd, ...nats, 'tls.existingSecret=certificates')
    t.false(all.some(each => isOf(each, 'etcd') || isOf(each, 'nats')))
    for (const name of ['server', 'operator']) {
      const deployment = only(all, 'Deployment', name)
      t.like(variables(deployment), { TAVOLA_ETCD: 'https://a:2379,https://b:2379', TAVOLA_TLS_CA: '/tls/ca.crt' })
      t.deepEqual(podSpec(deployment).volumes.at(-1), { name: 'tls', secret: { secretName: 'certificates' } })
    }
    t.like(variables(only(all, 'Deployment', 'operator')), {
      TAVOLA_NATS: 'tls://n:4222',
      TAVOLA_STORAGE_TLS_SECRET: 'certificates',
    })
    await t.throwsAsync(render(...etcd, ...nats), { message: /tls.existingSecret: https/ })
    await t.throwsAsync(render('etcd.enabled=false'), { message: /etcd.endpoints: say where/ })
    await t.throwsAsync(render('nats.enabled=false'), { message: /nats.urls: say where/ })
  })

  test('where pods run is said for all, or for a component; the operator tells it to storage pods', async t => {
    const flags = [
      ...['pods.nodeSelector.disk=nvme', 'pods.tolerations[0].key=dedicated', 'pods.priorityClassName=high'],
      ...['pods.affinity.nodeAffinity.a=b', 'pods.annotations.note=$(POD_NAME)', 'image.pullSecrets={one,two}'],
      ...[
        'nats.pods.nodeSelector.disk=fast',
        'storage.pods.priorityClassName=higher',
        'etcd.pods.tolerations[0].key=own',
      ],
    ]
    const all = [...(await render(...flags)), ...(await render('operator.enabled=false', ...flags)).filter(isPool)]
    const affinity = { nodeAffinity: { a: 'b' } }
    const imagePullSecrets = [{ name: 'one' }, { name: 'two' }]
    const general = { nodeSelector: { disk: 'nvme' }, tolerations: [{ key: 'dedicated' }], affinity, imagePullSecrets }
    const special: Record<string, object> = {
      nats: { nodeSelector: { disk: 'fast' } },
      etcd: { tolerations: [{ key: 'own' }] },
      storage: { priorityClassName: 'higher' },
    }
    for (const manifest of all.filter(hasPods)) {
      const component = manifest.metadata.labels!['app.kubernetes.io/component']!
      const spec = podSpec(manifest)
      const { tolerations, ...rest } = { ...general, priorityClassName: 'high', ...special[component] }
      t.like(spec, rest, component)
      t.deepEqual(spec.tolerations, tolerations, component)
    }
    t.is(all.filter(hasPods).length, 6)
    const told = JSON.parse(variables(only(all, 'Deployment', 'operator')).TAVOLA_STORAGE_PODS!)
    const { storage } = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as { storage: { resources: object } }
    t.deepEqual(told, {
      ...{ ...general, priorityClassName: 'higher', annotations: { note: '$$(POD_NAME)' } },
      resources: storage.resources,
    })
    t.notThrows(() => podSettingsOf(told), 'the operator takes it')
  })

  test('the custom resources are those of crds/, and stay when the release goes', async t => {
    const files = readdirSync(CRDS).filter(name => name.endsWith('.yaml'))
    const wanted = files.map(name => parse(readFileSync(join(CRDS, name), 'utf8')) as Manifest)
    t.true(wanted.length > 0)
    for (const { metadata, spec } of wanted) {
      const rendered = only(await render(), 'CustomResourceDefinition', metadata.name)
      t.deepEqual(rendered.spec, spec)
      t.is(rendered.metadata.annotations?.['helm.sh/resource-policy'], 'keep')
      const loose = only(await render('crds.keep=false'), 'CustomResourceDefinition', metadata.name)
      t.is(loose.metadata.annotations?.['helm.sh/resource-policy'], undefined)
    }
    t.false((await render('crds.install=false')).some(({ kind }) => kind === 'CustomResourceDefinition'))
  })

  test('what can be switched on or off', async t => {
    const has = async (kind: string, ...set: string[]) => (await render(...set)).some(each => each.kind === kind)
    t.false(await has('NetworkPolicy', 'networkPolicy.enabled=false'))
    t.false(await has('HorizontalPodAutoscaler', 'server.autoscaling.enabled=false'))
    t.is(
      only(await render('server.autoscaling.enabled=false', 'server.replicas=5'), 'Deployment', 'server').spec.replicas,
      5,
    )
    const watched = ['serviceMonitor', 'rules', 'dashboard'].map(name => `monitoring.${name}.enabled=true`)
    const all = await render(...watched)
    const rules = only(all, 'PrometheusRule')
    t.deepEqual(rules.spec, parse(readFileSync(join(CHART, 'rules/tavola.yaml'), 'utf8')))
    const dashboard = only(all, 'ConfigMap', 'dashboard') as unknown as { data: Record<string, string> }
    t.deepEqual(
      JSON.parse(dashboard.data['tavola.json']!),
      JSON.parse(readFileSync(join(CHART, 'dashboards/tavola.json'), 'utf8')),
    )
    t.truthy(only(all, 'PodMonitor'))
    const { spec } = only(await render('backups.store=s3://b/p', 'backups.existingSecret=keys'), 'Deployment', 'server')
    t.deepEqual(spec.template.spec.containers[0].envFrom, [{ secretRef: { name: 'keys' } }])
    const account = only(await render('server.serviceAccount.annotations.role=backups'), 'ServiceAccount', 'server')
    t.deepEqual(account.metadata.annotations, { role: 'backups' })
    t.is(spec.template.spec.serviceAccountName, account.metadata.name)
  })

  test('what triggers may call, and where the operator may read what they sign with', async t => {
    const set = ['triggers.functionEndpoint=http://functions:8080', 'triggers.hosts={a.example,*.b}']
    const all = await render(...set, 'triggers.existingSecret=key', 'operator.secretNamespaces={shop,data}')
    const server = only(all, 'Deployment', 'server')
    t.like(variables(server), {
      TAVOLA_FUNCTION_ENDPOINT: 'http://functions:8080',
      TAVOLA_TRIGGER_HOSTS: 'a.example,*.b',
    })
    t.regex(variables(server).TAVOLA_NATS!, /^nats:/)
    const secret = podSpec(server).containers[0].env.find(
      ({ name }: { name: string }) => name === 'TAVOLA_TRIGGER_SECRET',
    )
    t.deepEqual(secret.valueFrom, { secretKeyRef: { name: 'key', key: 'secret' } })
    const readers = all.filter(({ kind, metadata }) => kind === 'Role' && metadata.name.endsWith('-secrets'))
    t.deepEqual(readers.map(({ metadata }) => metadata.namespace).sort(), ['data', 'shop'])
    const read = JSON.stringify(only(await render(), 'ClusterRole', 'operator'))
    t.true(read.includes('streamtriggers') && !read.includes('secrets'))
    await t.throwsAsync(render('triggers.functionEndpoint=functions'), { message: /functionEndpoint/ })
  })

  test('misspelt and mistyped values are refused by name', async t => {
    const wrong: Record<string, RegExp> = {
      'server.replcias=3': /'replcias' not allowed/,
      'sever.replicas=3': /'sever' not allowed/,
      'storage.size=ten': /\/storage\/size/,
      'storage.replicas=many': /\/storage\/replicas/,
      'nats.replicas=2': /\/nats\/replicas/,
      'backups.store=http://x': /\/backups\/store/,
      'etcd.endpoints={x:2379}': /\/etcd\/endpoints/,
      'logLevel=loud': /\/logLevel/,
      'server.autoscaling.targetCPU=700': /\/server\/autoscaling\/targetCPU/,
      'image.pullPolicy=always': /\/image\/pullPolicy/,
      'nats.pods.nodeselector.a=b': /'nodeselector' not allowed/,
      'pods.tolerations[0].efect=NoSchedule': /'efect' not allowed/,
      'pods.affinity.nodes=x': /'nodes' not allowed/,
      'storage.pods.priorityClassName=3': /\/storage\/pods\/priorityClassName/,
    }
    for (const [value, message] of Object.entries(wrong)) await t.throwsAsync(render(value), { message }, value)
  })

  test('every value is in the schema, and every property of the schema has a default', t => {
    type Schema = { properties?: Record<string, Schema>; $ref?: string; additionalProperties?: unknown }
    const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema & { $defs: object }
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as object
    const walk = ({ properties = {} }: Schema, value: object, path: string): string[] => {
      const names = Object.keys(properties).filter(name => name !== 'global')
      const missing = names.filter(name => !Object.hasOwn(value, name)).map(name => `${path}.${name}`)
      const deeper = names.flatMap(name => {
        const child = (value as Record<string, object>)[name]
        return properties[name]!.properties && child ? walk(properties[name]!, child, `${path}.${name}`) : []
      })
      return [...missing, ...deeper]
    }
    t.deepEqual(walk(schema, values, ''), [])
  })
})

function isOf({ metadata }: Manifest, component: string): boolean {
  return metadata.labels?.['app.kubernetes.io/component'] === component
}
