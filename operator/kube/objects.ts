/** Kubernetes objects as they come over the wire: times are texts. */
import type {
  V1LabelSelector,
  V1NetworkPolicySpec,
  V1PersistentVolumeClaimSpec,
  V1PodDisruptionBudgetSpec,
  V1PodSpec,
  V1ResourceRequirements,
  V1ServiceSpec,
  V1StatefulSetSpec,
} from '@kubernetes/client-node'

export type {
  V1LabelSelector as LabelSelector,
  V1PodSpec as PodSpec,
  V1ResourceRequirements as ResourceRequirements,
  V1StatefulSetSpec as StatefulSetSpec,
}

export type OwnerReference = {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export type Metadata = {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: { [name: string]: string }
  annotations?: { [name: string]: string }
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

export type KubeObject = { apiVersion?: string; kind?: string; metadata: Metadata }

/** What is to be: an object without what the API server adds. */
export type Manifest = KubeObject & { apiVersion: string; kind: string }

export type Condition = {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  observedGeneration?: number
  lastTransitionTime: string
}

export type StatefulSet = KubeObject & {
  spec: V1StatefulSetSpec
  status?: { replicas?: number; readyReplicas?: number; updateRevision?: string; observedGeneration?: number }
}
export type Pod = KubeObject & {
  spec: V1PodSpec
  status?: { phase?: string; conditions?: { type: string; status: string }[] }
}
export type Service = KubeObject & { spec: V1ServiceSpec }
export type PodDisruptionBudget = KubeObject & { spec: V1PodDisruptionBudgetSpec }
export type NetworkPolicy = KubeObject & { spec: V1NetworkPolicySpec }
export type PersistentVolumeClaim = KubeObject & {
  spec: V1PersistentVolumeClaimSpec
  status?: { phase?: string; capacity?: { [resource: string]: string } }
}
/** `data`: in base64. */
export type Secret = KubeObject & { data?: { [name: string]: string } }
export type Lease = KubeObject & {
  spec?: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}
