/** A container's environment, and what the downward API tells of its pod. */
import { type Client, isRefused } from '../client.ts'
import type { Container, EnvVar, KeySelector, Pod } from '../objects.ts'

export type Place = { ip: string; hostIP: string }

type Values = Record<string, string>

/** Errors: Refused, when something it refers to is not there. */
export async function environmentOf(client: Client, pod: Pod, container: Container, place: Place): Promise<Values> {
  const { namespace } = pod.metadata
  const result: Values = {}
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) Object.assign(result, await configMap(client, namespace, configMapRef.name))
    if (secretRef)
      for (const [name, value] of Object.entries(await secret(client, namespace, secretRef.name)))
        result[name] = value.toString()
  }
  for (const variable of container.env ?? []) {
    const value = await variableOf(client, pod, variable, place)
    if (value !== undefined) result[variable.name] = substituted(value, result)
  }
  return result
}

async function variableOf(client: Client, pod: Pod, { value = '', valueFrom }: EnvVar, place: Place) {
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom ?? {}
  const { namespace } = pod.metadata
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath, place)
  if (configMapKeyRef) return keyOf(configMapKeyRef, () => configMap(client, namespace, configMapKeyRef.name))
  if (secretKeyRef) return keyOf(secretKeyRef, () => secret(client, namespace, secretKeyRef.name))
  return value
}

async function keyOf(selector: KeySelector, read: () => Promise<Record<string, string | Buffer>>) {
  const { name, key, optional } = selector
  const values = await read().catch(error => {
    if (optional && isRefused(error, 404)) return {} as Values
    throw error
  })
  if (values[key] === undefined && !optional) throw new Error(`${name} has no key ${key}`)
  return values[key]?.toString()
}

/** `$(NAME)` becomes the variable, if there is one; `$$(NAME)` does not. */
export function substituted(text: string, values: Values): string {
  return text.replace(/\$(\$?)\(([A-Za-z_][\w.-]*)\)/g, (all, escaped: string, name: string) =>
    escaped ? `$(${name})` : (values[name] ?? all),
  )
}

/** A field of the pod, as the downward API names it. */
export function fieldOf(pod: Pod, path: string, { ip, hostIP }: Place): string {
  if (path === 'status.podIP' || path === 'status.podIPs') return ip
  if (path === 'status.hostIP') return hostIP
  const [, kind, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? []
  if (kind) return pod.metadata[kind as 'labels' | 'annotations']?.[key!] ?? ''
  const found = path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], pod)
  return typeof found === 'string' ? found : ''
}

/** Errors: Refused. */
export async function configMap(client: Client, namespace: string, name: string): Promise<Values> {
  return (await client.get<{ data?: Values }>(`/api/v1/namespaces/${namespace}/configmaps/${name}`)).data ?? {}
}

/** Errors: Refused. */
export async function secret(client: Client, namespace: string, name: string): Promise<Record<string, Buffer>> {
  const { data = {} } = await client.get<{ data?: Values }>(`/api/v1/namespaces/${namespace}/secrets/${name}`)
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]))
}
