/** Kubernetes' objects, as far as the harness reads them. */
export type Metadata = {
  name: string
  namespace: string
  uid: string
  resourceVersion: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
}

export type KubeObject = { metadata: Metadata }

export type FieldSelector = { fieldPath: string }
export type KeySelector = { name: string; key: string; optional?: boolean }

export type EnvVar = {
  name: string
  value?: string
  valueFrom?: { fieldRef?: FieldSelector; configMapKeyRef?: KeySelector; secretKeyRef?: KeySelector }
}

export type Probe = {
  httpGet?: { path?: string; port: number | string; scheme?: string }
  tcpSocket?: { port: number | string }
  exec?: { command: string[] }
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  successThreshold?: number
  failureThreshold?: number
}

export type VolumeMount = { name: string; mountPath: string; subPath?: string; readOnly?: boolean }

export type Container = {
  name: string
  image: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: EnvVar[]
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  ports?: { name?: string; containerPort: number }[]
  volumeMounts?: VolumeMount[]
  readinessProbe?: Probe
  livenessProbe?: Probe
  startupProbe?: Probe
  lifecycle?: { preStop?: { exec?: { command: string[] }; sleep?: { seconds: number } } }
  securityContext?: { readOnlyRootFilesystem?: boolean }
}

type Item = { key: string; path: string }

export type Volume = {
  name: string
  emptyDir?: object
  persistentVolumeClaim?: { claimName: string }
  configMap?: { name: string; items?: Item[]; optional?: boolean }
  secret?: { secretName: string; items?: Item[]; optional?: boolean }
  downwardAPI?: { items: { path: string; fieldRef: FieldSelector }[] }
  projected?: { sources: ProjectedSource[] }
}

export type ProjectedSource = {
  serviceAccountToken?: { path: string; audience?: string; expirationSeconds?: number }
  configMap?: { name: string; items?: Item[] }
  secret?: { name: string; items?: Item[] }
  downwardAPI?: { items: { path: string; fieldRef: FieldSelector }[] }
}

export type Pod = KubeObject & {
  spec: {
    nodeName?: string
    hostname?: string
    subdomain?: string
    serviceAccountName: string
    restartPolicy: 'Always' | 'OnFailure' | 'Never'
    terminationGracePeriodSeconds?: number
    containers: Container[]
    initContainers?: Container[]
    volumes?: Volume[]
  }
  status?: {
    phase?: string
    podIP?: string
    containerStatuses?: { name: string; restartCount: number; ready: boolean }[]
    conditions?: { type: string; status: string }[]
  }
}

export type Service = KubeObject & {
  spec: { clusterIP?: string; ports?: { name?: string; port: number; protocol?: string }[] }
}

export type EndpointSlice = KubeObject & {
  endpoints?: { addresses: string[]; hostname?: string; conditions?: { ready?: boolean } }[]
  ports?: { name?: string; port: number }[]
}

export type Claim = KubeObject & {
  spec: {
    volumeName?: string
    storageClassName?: string
    accessModes: string[]
    resources: { requests: { storage: string } }
  }
  status?: { phase?: string; capacity?: { storage: string } }
}

export type PersistentVolume = KubeObject & {
  spec: { local?: { path: string }; persistentVolumeReclaimPolicy: string; capacity: { storage: string } }
  status?: { phase?: string }
}

export type StorageClass = KubeObject & { provisioner: string; reclaimPolicy?: string; volumeBindingMode?: string }

/** Whether a pod has the condition `Ready`. */
export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
