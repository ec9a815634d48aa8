/** The Kubernetes objects of a pool. Pure. */
import type { Manifest, OwnerReference, PodSpec } from '../kube/objects.ts'
import type { PodSettings } from './podsettings.ts'
import type { Pool } from './pool.ts'

/** What all storage pods have in common. */
export type StorageSettings = {
  image: string
  imagePullPolicy?: string
  etcd: string[]
  /** Of NATS; none if the logs are in etcd. */
  nats: string[]
  log: 'jetstream' | 'etcd'
  logReplicas: number
  prefix: string
  region: string
  logLevel: string
  /** A Secret with `ca.crt`, `tls.crt` and `tls.key`, in the namespace of the pods. */
  tlsSecret?: string
  pods?: PodSettings
}

export const RPC_PORT = 9101
export const STATUS_PORT = 9090
const UID = 1000
const GRACE_SECONDS = 60
/** Where a pod's labels have its node's zone: the API server copies it there when the pod is bound. */
const ZONE_LABEL = 'topology.kubernetes.io/zone'
const VOLUME = 'data'

export const MANAGED = { 'app.kubernetes.io/managed-by': 'tavola-operator' }
/** Selects what the operator has made. */
export const MANAGED_SELECTOR = 'app.kubernetes.io/managed-by=tavola-operator'
/** By it the objects of a workload are known. */
export const WORKLOAD_LABEL = 'tavola.dev/workload'

/** Of the pods of a workload, and of no others in the namespace. */
export function selectorOf({ workload }: Pick<Pool, 'workload'>): { [label: string]: string } {
  return { 'app.kubernetes.io/name': 'tavola', 'app.kubernetes.io/component': 'storage', [WORKLOAD_LABEL]: workload }
}

/** `replicas`: as many pods as there should be just now; while some are being emptied, more than the pool wants. */
export function storageManifests(pool: Pool, settings: StorageSettings, replicas: number): Manifest[] {
  return [service(pool), budget(pool), networkPolicy(pool), statefulSet(pool, settings, replicas)]
}

function meta(pool: Pool) {
  const { namespace, workload: name, owner } = pool
  const labels = { ...selectorOf(pool), ...MANAGED, 'tavola.dev/pool': pool.id, ...tableLabel(pool) }
  return { name, namespace, labels, ...ownership(owner) }
}

/** With a table that goes, so do its pods; where its data are to stay, or are protected, nothing does. */
function ownership(owner: Pool['owner']): { ownerReferences?: OwnerReference[] } {
  if (owner?.spec.deletionPolicy !== 'Delete' || owner.spec.deletionProtectionEnabled) return {}
  const { name, uid } = owner.metadata
  return { ownerReferences: [{ apiVersion: 'tavola.dev/v1alpha1', kind: 'Table', name, uid: uid!, controller: true }] }
}

function tableLabel({ owner }: Pool): { [label: string]: string } {
  const name = owner?.metadata.name
  return name !== undefined && name.length <= 63 ? { 'tavola.dev/table': name } : {}
}

function service(pool: Pool): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(pool),
    spec: {
      clusterIP: 'None',
      // Who is not ready yet has to be reached by those who bring it up to date.
      publishNotReadyAddresses: true,
      selector: selectorOf(pool),
      ports: [
        { name: 'rpc', port: RPC_PORT, targetPort: 'rpc', protocol: 'TCP' },
        { name: 'status', port: STATUS_PORT, targetPort: 'status', protocol: 'TCP' },
      ],
    },
  } as Manifest
}

function budget(pool: Pool): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta(pool),
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selectorOf(pool) },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  } as Manifest
}

/** Servers, storage nodes and the operator of any namespace may ask; anybody may look at health and metrics. */
function networkPolicy(pool: Pool): Manifest {
  const port = (port: number) => [{ port, protocol: 'TCP' }]
  const tavola = { namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'tavola' } } }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: meta(pool),
    spec: {
      podSelector: { matchLabels: selectorOf(pool) },
      policyTypes: ['Ingress'],
      ingress: [{ from: [tavola], ports: port(RPC_PORT) }, { ports: port(STATUS_PORT) }],
    },
  } as Manifest
}

function statefulSet(pool: Pool, settings: StorageSettings, replicas: number): Manifest {
  const { workload, size, storageClassName } = pool
  const labels = { ...selectorOf(pool), ...MANAGED, 'tavola.dev/pool': pool.id, ...tableLabel(pool) }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: meta(pool),
    spec: {
      serviceName: workload,
      replicas,
      podManagementPolicy: 'Parallel',
      // The operator restarts them, one at a time; see reconcilers/pool/rollout.ts.
      updateStrategy: { type: 'OnDelete' },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      selector: { matchLabels: selectorOf(pool) },
      template: { metadata: podMetadata(labels, settings), spec: podSpec(pool, settings) },
      volumeClaimTemplates: [
        {
          metadata: { name: VOLUME, labels: { ...selectorOf(pool), ...MANAGED } },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: size } },
            ...(storageClassName !== undefined && { storageClassName }),
          },
        },
      ],
    },
  } as Manifest
}

function podMetadata(own: { [label: string]: string }, { pods: { labels, annotations } = {} }: StorageSettings) {
  return { labels: { ...labels, ...own }, ...(annotations && { annotations }) }
}

function podSpec(pool: Pool, settings: StorageSettings): PodSpec {
  const { resources: _, labels: __, annotations: ___, affinity, ...where } = settings.pods ?? {}
  const spread = { labelSelector: { matchLabels: selectorOf(pool) }, maxSkew: 1 }
  return {
    ...where,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      fsGroup: UID,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: [
      { ...spread, topologyKey: ZONE_LABEL, whenUnsatisfiable: 'DoNotSchedule' },
      { ...spread, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
    ...((pool.zones ?? affinity) && { affinity: pool.zones ? inZones(pool.zones, affinity) : affinity }),
    containers: [container(pool, settings)],
    ...(settings.tlsSecret && { volumes: [{ name: 'tls', secret: { secretName: settings.tlsSecret } }] }),
  } as PodSpec
}

/** The terms of a required affinity are alternatives: each of them has to be in the zones. */
function inZones(zones: string[], affinity: PodSpec['affinity']): PodSpec['affinity'] {
  const zone = { key: ZONE_LABEL, operator: 'In', values: zones }
  const { nodeSelectorTerms = [{}] } = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? {}
  const terms = nodeSelectorTerms.map(term => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), zone],
  }))
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } }
  return { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, ...required } }
}

function container(pool: Pool, settings: StorageSettings): PodSpec['containers'][number] {
  const resources = pool.resources ?? settings.pods?.resources
  const probe = (path: string) => ({ httpGet: { path, port: 'status' }, timeoutSeconds: 5 })
  return {
    name: 'storage',
    image: settings.image,
    ...(settings.imagePullPolicy && { imagePullPolicy: settings.imagePullPolicy }),
    args: ['storage'],
    env: environment(pool, settings),
    ports: [
      { name: 'rpc', containerPort: RPC_PORT, protocol: 'TCP' },
      { name: 'status', containerPort: STATUS_PORT, protocol: 'TCP' },
    ],
    ...(resources && { resources }),
    // Files that it reads at its start can be many.
    startupProbe: { ...probe('/healthz'), periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 3, failureThreshold: 2 },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: VOLUME, mountPath: '/data' },
      ...(settings.tlsSecret ? [{ name: 'tls', mountPath: '/tls', readOnly: true }] : []),
    ],
  }
}

function environment(pool: Pool, settings: StorageSettings): PodSpec['containers'][number]['env'] {
  const { etcd, nats, log, logReplicas, prefix, region, logLevel, tlsSecret } = settings
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
  const plain = {
    TAVOLA_NODE: `${pool.id}-$(POD_ORDINAL)`,
    TAVOLA_POOL: pool.id,
    TAVOLA_HOST: '$(POD_IP)',
    TAVOLA_PORT: String(STATUS_PORT),
    TAVOLA_RPC_HOST: '$(POD_IP)',
    TAVOLA_RPC_PORT: String(RPC_PORT),
    TAVOLA_DATA_DIR: '/data',
    TAVOLA_ETCD: etcd.join(),
    ...(log === 'jetstream' && { TAVOLA_NATS: nats.join(), TAVOLA_LOG_REPLICAS: String(logReplicas) }),
    TAVOLA_LOG: log,
    TAVOLA_PREFIX: prefix,
    TAVOLA_REGION: region,
    TAVOLA_LOG_LEVEL: logLevel,
    ...(tlsSecret && { TAVOLA_TLS_CA: '/tls/ca.crt', TAVOLA_TLS_CERT: '/tls/tls.crt', TAVOLA_TLS_KEY: '/tls/tls.key' }),
  }
  return [
    field('POD_ORDINAL', "metadata.labels['apps.kubernetes.io/pod-index']"),
    field('POD_IP', 'status.podIP'),
    field('TAVOLA_ZONE', `metadata.labels['${ZONE_LABEL}']`),
    ...Object.entries(plain).map(([name, value]) => ({ name, value })),
  ]
}
