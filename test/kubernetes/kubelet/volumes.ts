/** A pod's volumes as folders. What ConfigMaps and Secrets say is written once, not kept up to date. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Client, isRefused } from '../client.ts'
import type { Claim, PersistentVolume, Pod, ProjectedSource, Volume } from '../objects.ts'
import { configMap, fieldOf, type Place, secret } from './environment.ts'

type Files = Record<string, string | Buffer>
type Choice = { items?: { key: string; path: string }[]; optional?: boolean }

/** Folders by the volumes' names. Errors: something it refers to is not there yet. */
export async function volumesOf(client: Client, pod: Pod, folder: string, place: Place): Promise<Map<string, string>> {
  const folders = new Map<string, string>()
  for (const volume of pod.spec.volumes ?? []) {
    const claim = volume.persistentVolumeClaim?.claimName
    const path = claim === undefined ? join(folder, volume.name) : await diskOf(client, pod.metadata.namespace, claim)
    await mkdir(path, { recursive: true })
    for (const [name, content] of Object.entries(await filesOf(client, pod, volume, place))) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), content)
    }
    folders.set(volume.name, path)
  }
  return folders
}

async function diskOf(client: Client, namespace: string, name: string): Promise<string> {
  const claim = await client.get<Claim>(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`)
  if (claim.status?.phase !== 'Bound') throw new Error(`${name} is not bound yet`)
  const volume = await client.get<PersistentVolume>(`/api/v1/persistentvolumes/${claim.spec.volumeName}`)
  return volume.spec.local!.path
}

async function filesOf(client: Client, pod: Pod, volume: Volume, place: Place): Promise<Files> {
  const { configMap, secret, downwardAPI, projected } = volume
  const sources: ProjectedSource[] = projected?.sources ?? []
  if (configMap) sources.push({ configMap })
  if (secret) sources.push({ secret: { ...secret, name: secret.secretName } })
  if (downwardAPI) sources.push({ downwardAPI })
  const files: Files = {}
  for (const source of sources) Object.assign(files, await sourceOf(client, pod, source, place))
  return files
}

async function sourceOf(client: Client, pod: Pod, source: ProjectedSource, place: Place): Promise<Files> {
  const { namespace } = pod.metadata
  const { serviceAccountToken, downwardAPI } = source
  if (serviceAccountToken) return { [serviceAccountToken.path]: await token(client, pod, serviceAccountToken) }
  if (downwardAPI)
    return Object.fromEntries(downwardAPI.items.map(item => [item.path, fieldOf(pod, item.fieldRef.fieldPath, place)]))
  if (source.configMap) return chosen(source.configMap, () => configMap(client, namespace, source.configMap!.name))
  if (source.secret) return chosen(source.secret, () => secret(client, namespace, source.secret!.name))
  return {}
}

async function chosen({ items, optional }: Choice, read: () => Promise<Files>): Promise<Files> {
  const files = await read().catch(error => {
    if (optional && isRefused(error, 404)) return {} as Files
    throw error
  })
  return items ? Object.fromEntries(items.map(({ key, path }) => [path, files[key]!])) : files
}

type TokenSource = NonNullable<ProjectedSource['serviceAccountToken']>

async function token(client: Client, pod: Pod, { audience, expirationSeconds = 3600 }: TokenSource): Promise<string> {
  const { namespace, name, uid } = pod.metadata
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${pod.spec.serviceAccountName}/token`
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name, uid }
  const spec = { audiences: audience ? [audience] : [], expirationSeconds, boundObjectRef }
  const { status } = await client.create<{ status: { token: string } }>(path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  })
  return status.token
}
