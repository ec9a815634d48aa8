/** Volumes as folders: made for claims in the zone where the pod was scheduled, grown, and removed. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '../client.ts'
import { follow } from '../follow.ts'
import type { Claim, PersistentVolume } from '../objects.ts'

export const STORAGE_CLASS = 'standard'
const PROVISIONER = 'test.tavola.dev/folder'
const NODE_ANNOTATION = 'volume.kubernetes.io/selected-node'

/** `zoneOf`: of a node. */
export async function provideDisks(client: Client, folder: string, zoneOf: (node: string) => string): Promise<void> {
  await client.create('/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: STORAGE_CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: PROVISIONER,
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  })
  const seen = new Set<string>()
  const changed = (claim: Claim) => {
    const { uid, annotations } = claim.metadata
    const node = annotations?.[NODE_ANNOTATION]
    if (claim.status?.phase === 'Bound') void grow(client, claim).catch(report)
    else if (node !== undefined && !claim.spec.volumeName && !seen.has(uid)) {
      seen.add(uid)
      void provide(client, claim, join(folder, uid), zoneOf(node)).catch(report)
    }
  }
  await follow<Claim>(client, '/api/v1/persistentvolumeclaims', { changed })
  await follow<PersistentVolume>(client, '/api/v1/persistentvolumes', {
    changed: volume => void reclaim(client, volume).catch(report),
  })
}

/** Any node of the zone may have it, as a cloud's disks. */
async function provide(client: Client, claim: Claim, path: string, zone: string): Promise<void> {
  await mkdir(path, { recursive: true })
  const { uid, name, namespace, resourceVersion } = claim.metadata
  const terms = [{ matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: [zone] }] }]
  await client.create('/api/v1/persistentvolumes', {
    metadata: { name: `pvc-${uid}`, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
    spec: {
      capacity: { storage: claim.spec.resources.requests.storage },
      accessModes: claim.spec.accessModes,
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: STORAGE_CLASS,
      local: { path },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      nodeAffinity: { required: { nodeSelectorTerms: terms } },
    },
  })
}

/** A claim that asks for more than it has, has it. */
async function grow(client: Client, { metadata, spec, status }: Claim): Promise<void> {
  const { storage } = spec.resources.requests
  if (status?.capacity?.storage === storage) return
  const { namespace, name } = metadata
  await client.patch(`/api/v1/persistentvolumes/${spec.volumeName}`, { spec: { capacity: { storage } } })
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}/status`
  await client.patch(path, { status: { capacity: { storage } } })
}

async function reclaim(client: Client, { metadata, spec, status }: PersistentVolume): Promise<void> {
  const ours = metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === PROVISIONER
  if (!ours || status?.phase !== 'Released' || spec.persistentVolumeReclaimPolicy !== 'Delete') return
  await rm(spec.local!.path, { recursive: true, force: true })
  await client.remove(`/api/v1/persistentvolumes/${metadata.name}`)
}

function report(error: Error): void {
  console.error(`disks: ${error.message}`)
}
