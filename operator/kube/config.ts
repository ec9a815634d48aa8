/** Where the API server is, and who we are to it: as client-node reads it, in a pod or from a kubeconfig. */
import { existsSync, readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'
/** Tokens of service accounts are renewed on disk; client-node reads them anew when it is asked. */
const HEADERS_MS = 30_000
const SOCKETS = 32

export type Connection = {
  /** Without a slash at its end. */
  url: string
  /** One for all requests: client-node by itself makes a pool of connections for each. */
  agent: Agent | HttpAgent
  /** Of a request that is made now. */
  headers(): Promise<{ [name: string]: string }>
}

/** From `kubeconfig`; without it as kubectl would, or from the pod. Errors: there is none, or it can't be read. */
export async function connection(kubeconfig: string | undefined): Promise<Connection> {
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromDefault()
  else config.loadFromFile(kubeconfig)
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error('there is no cluster in the kubeconfig')
  const first = await optionsOf(config)
  return {
    url: cluster.server.replace(/\/+$/, ''),
    agent: agentFor(cluster.server, first),
    headers: remembered(async () => headersOf(await optionsOf(config)), headersOf(first)),
  }
}

/** The namespace of the pod this is, or of the kubeconfig's context. */
export function ownNamespace(kubeconfig: string | undefined): string {
  if (kubeconfig === undefined && existsSync(NAMESPACE_FILE)) return readFileSync(NAMESPACE_FILE, 'utf8').trim()
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromDefault()
  else config.loadFromFile(kubeconfig)
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default'
}

async function optionsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  return options
}

function agentFor(server: string, { ca, cert, key, rejectUnauthorized, servername }: RequestOptions) {
  const pool = { keepAlive: true, maxSockets: SOCKETS, scheduling: 'lifo' as const }
  if (server.startsWith('http:')) return new HttpAgent(pool)
  return new Agent({ ...pool, ca, cert, key, rejectUnauthorized, servername })
}

function headersOf({ headers = {}, auth }: RequestOptions): { [name: string]: string } {
  const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  return typeof auth === 'string' ? { ...plain, Authorization: `Basic ${btoa(auth)}` } : plain
}

type Headers = { [name: string]: string }

function remembered(read: () => Promise<Headers>, first: Headers): () => Promise<Headers> {
  let value = Promise.resolve(first)
  let at = performance.now()
  return () => {
    if (performance.now() - at > HEADERS_MS) {
      value = read()
      at = performance.now()
    }
    return value
  }
}
