/**
 * A real Kubernetes for tests: its own programs, and a kubelet that runs pods as processes of this machine, in namespaces that need
 * no rights. README.md says what is real and what is played.
 */
import { execFile, spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { helmBinaryHere, kubernetesBinariesHere } from '../../scripts/kubernetes/binaries.ts'
import { makeTempFolder } from '../helpers/temp.ts'
import { type Access, Client } from './client.ts'
import { kubeconfigOf } from './controlplane.ts'
import { type Forward, forward } from './network/gateway.ts'
import { isReady, type Pod } from './objects.ts'
import { type Asked, GATEWAY, type InsideOptions } from './protocol.ts'

export type KubernetesOptions = Partial<Omit<InsideOptions, 'folder'>>

export type Ran = { stdout: string; stderr: string }

export type Kubernetes = {
  folder: string
  /** The path of one, for programs outside of the cluster's network. */
  kubeconfig: string
  access: Access
  client: Client
  nodes: { name: string; zone: string }[]
  /** Errors: it ended badly, with what it said. `input` goes to its standard input. */
  kubectl(args: string[], input?: string): Promise<Ran>
  helm(args: string[], input?: string): Promise<Ran>
  /** The URL, on this machine, of a `service.namespace:port`, or of a pod's `address:port`. */
  reach(place: string): Promise<string>
  /** The pods of a namespace that the selector names, by name. */
  pods(namespace: string, selector?: string): Promise<Pod[]>
  /** Resolves once as many pods are ready and no others are there. Errors: not within the time; with how they are, and what they said. */
  ready(namespace: string, selector: string, count: number, timeoutMs?: number): Promise<Pod[]>
  /** What a pod's containers have said. */
  logs(pod: Pod): Promise<string>
  /** Kills a pod's processes. */
  crashPod(pod: Pod): Promise<void>
  /** Power loss: its pods' processes are killed, nobody is told. */
  crashNode(name: string): Promise<void>
  crashZone(zone: string): Promise<void>
  startNode(name: string): Promise<void>
  startZone(zone: string): Promise<void>
  /** Stops, starts, freezes or resumes a program of the control plane. */
  control(ask: 'stop' | 'start' | 'freeze' | 'resume', program: string): Promise<void>
  stop(): Promise<void>
}

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url))
const DEFAULTS = { zones: 3, nodesPerZone: 1, nodeGraceSeconds: 12, evictionSeconds: 300 }
const MAX_OUTPUT = 64 * 1024 * 1024
const POLL_MS = 100
const READY_MS = 120_000

/** Errors: programs are missing, or the machine does not let it. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<Kubernetes> {
  const binaries = kubernetesBinariesHere()
  const temp = await makeTempFolder()
  const inside = await enter({ ...DEFAULTS, ...options, folder: temp.path })
  const forwards = new Map<string, Promise<Forward>>()
  const gateway = (place: string) => {
    if (!forwards.has(place))
      forwards.set(
        place,
        forward(join(temp.path, GATEWAY), () => resolvePlace(client, place)),
      )
    return forwards.get(place)!
  }
  const stop = async () => {
    await inside.end()
    for (const each of forwards.values()) (await each).close()
    client?.close()
    await temp.remove()
  }
  const { port } = await forward(join(temp.path, GATEWAY), () => new URL(inside.access.url).host)
  const access = { ...inside.access, url: `https://localhost:${port}` }
  const client = new Client(access)
  const kubeconfig = join(temp.path, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf(access))
  const program = (file: string) => (args: string[], input?: string) =>
    run(file, args, { kubeconfig, folder: temp.path, input })
  const pods = async (namespace: string, selector = '') => {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`
    return (await client.list<Pod>(path)).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  }
  const { nodes, ask } = inside
  const inZone = (zone: string) => nodes.filter(node => node.zone === zone).map(({ name }) => name)
  const logs = (pod: Pod) => logsOf(join(temp.path, 'pods', pod.metadata.uid))
  return {
    ...{ folder: temp.path, kubeconfig, access, client, nodes, pods, logs, stop },
    kubectl: program(binaries.kubectl),
    helm: (args, input) => program(helmBinaryHere())(args, input),
    reach: async place => `http://127.0.0.1:${(await gateway(place)).port}`,
    ready: async (namespace, selector, count, timeoutMs = READY_MS) => {
      const end = performance.now() + timeoutMs
      while (true) {
        const found = await pods(namespace, selector)
        if (found.length === count && found.every(pod => isReady(pod) && !pod.metadata.deletionTimestamp)) return found
        if (performance.now() > end) throw new Error(await complaint(found, count, selector, logs))
        await sleep(POLL_MS)
      }
    },
    crashPod: pod => ask('crashPod', pod.metadata.uid),
    crashNode: name => ask('crashNode', name),
    startNode: name => ask('startNode', name),
    crashZone: async zone => void (await Promise.all(inZone(zone).map(name => ask('crashNode', name)))),
    startZone: async zone => void (await Promise.all(inZone(zone).map(name => ask('startNode', name)))),
    control: (what, program) => ask(what, program),
  }
}

type Inside = {
  access: Access
  nodes: { name: string; zone: string }[]
  ask(ask: Asked['ask'], of: string): Promise<void>
  end(): Promise<void>
}

/** Network, mounts and processes are the cluster's own: what runs there ends with its first process. */
async function enter(options: InsideOptions): Promise<Inside> {
  const namespaces = ['--map-root-user', '--net', '--mount', '--pid', '--fork', '--kill-child']
  const script = 'ip link set lo up && exec "$@"'
  const command = [...namespaces, 'sh', '-c', script, 'sh', process.execPath, INSIDE, JSON.stringify(options)]
  const child = spawn('unshare', command, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true })
  let said = ''
  const hear = (text: Buffer) => {
    said = `${said}${text}`.slice(-10_000)
    appendFileSync(join(options.folder, 'inside.log'), text)
  }
  child.stdout!.on('data', hear)
  child.stderr!.on('data', hear)
  const gone = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`Kubernetes ended:\n${said}`)))
  })
  gone.catch(() => {})
  const end = async () => {
    child.disconnect()
    await gone.catch(() => {})
  }
  const waiting = new Map<number, PromiseWithResolvers<void>>()
  const begun = Promise.withResolvers<Pick<Inside, 'access' | 'nodes'>>()
  child.on('message', (message: Pick<Inside, 'access' | 'nodes'> | { id: number; error?: string }) => {
    if ('access' in message) return begun.resolve(message)
    const asked = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error === undefined) asked?.resolve()
    else asked?.reject(new Error(message.error))
  })
  let last = 0
  const ask = (ask: Asked['ask'], of: string) => {
    const id = ++last
    const answer = Promise.withResolvers<void>()
    waiting.set(id, answer)
    child.send({ id, ask, of } satisfies Asked)
    return Promise.race([answer.promise, gone])
  }
  return { ...(await Promise.race([begun.promise, gone])), ask, end }
}

/** A service's address is only known inside: it is asked for by name. */
async function resolvePlace(client: Client, place: string): Promise<string> {
  const [, service, namespace, port] = /^([a-z][\w-]*)\.([\w-]+):(\d+)$/.exec(place) ?? []
  if (service === undefined) return place
  const path = `/api/v1/namespaces/${namespace}/services/${service}`
  return `${(await client.get<{ spec: { clusterIP: string } }>(path)).spec.clusterIP}:${port}`
}

type RunOptions = { kubeconfig: string; folder: string; input?: string }

function run(file: string, args: string[], { kubeconfig, folder, input }: RunOptions): Promise<Ran> {
  const homes = { HOME: folder, XDG_CACHE_HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_DATA_HOME: undefined }
  const env = { ...process.env, ...homes, KUBECONFIG: kubeconfig }
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { env, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      if (error) reject(Object.assign(new Error(`${file} ${args.join(' ')}:\n${stderr}${stdout}`), { stdout, stderr }))
      else resolve({ stdout, stderr })
    })
    child.stdin!.on('error', () => {})
    child.stdin!.end(input)
  })
}

async function logsOf(folder: string): Promise<string> {
  const files = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.log'))
  return (await Promise.all(files.map(name => readFile(join(folder, name), 'utf8')))).join('\n')
}

async function complaint(pods: Pod[], count: number, selector: string, logs: (pod: Pod) => Promise<string>) {
  const lines = pods.map(async pod => {
    const state = isReady(pod) ? 'ready' : JSON.stringify(pod.status)
    return `${pod.metadata.name}: ${state}\n${isReady(pod) ? '' : (await logs(pod)).slice(-2000)}`
  })
  return `not ${count} pods of ${selector} are ready:\n${(await Promise.all(lines)).join('\n')}`
}
