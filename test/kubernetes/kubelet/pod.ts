/** A pod of this node: its containers as processes, restarted, asked and ended as its spec says. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, isRefused } from '../client.ts'
import { addPod, insideNetwork, removePod } from '../network/pods.ts'
import type { Container, Pod } from '../objects.ts'
import { type Launched, launch } from './container.ts'
import { environmentOf, type Place, substituted } from './environment.ts'
import { type Image, type Images, imageOf } from './images.ts'
import { keepAsking, probe } from './probes.ts'
import { insideRoot } from './rootfs.ts'
import { type Condition, type ContainerState, type PodState, statusOf } from './status.ts'
import { volumesOf } from './volumes.ts'

export type PodOptions = {
  client: Client
  images: Images
  /** The pod's own. */
  folder: string
  place: Place
  /** Of the cluster's names. */
  nameServer: string
}

const PATH = '/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const RETRY_MS = 300
const [MIN_BACKOFF_MS, MAX_BACKOFF_MS] = [1000, 10_000]
const GRACE_SECONDS = 30

export class PodRunner {
  readonly #pod: Pod
  readonly #options: PodOptions
  readonly #state: PodState
  readonly #launched = new Map<string, Launched>()
  #volumes = new Map<string, string>()
  #conditions: Condition[] = []
  #reporting: Promise<void> | undefined
  #stale = false
  #stopping = false
  /** The API server has it no more. */
  #forgotten = false
  #ending: Promise<void> | undefined

  constructor(pod: Pod, options: PodOptions) {
    this.#pod = pod
    this.#options = options
    const before = new Map(pod.status?.containerStatuses?.map(({ name, restartCount }) => [name, restartCount + 1]))
    const fresh = (container: Container): ContainerState => {
      return { container, restarts: before.get(container.name) ?? 0, started: false, ready: false }
    }
    const { initContainers = [], containers } = pod.spec
    const states = { init: initContainers.map(fresh), containers: containers.map(fresh) }
    this.#state = { ...options.place, ...states, startedAt: now(), initialized: false, finished: false }
  }

  /** Resolves when all containers have ended for good. */
  async run(): Promise<void> {
    await this.#prepare()
    const { init, containers } = this.#state
    for (const state of init) {
      await this.#keep(state, this.#pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure')
      if (this.#stopping || state.ended?.exitCode !== 0) return this.#finish()
    }
    this.#state.initialized = true
    await Promise.all(containers.map(state => this.#keep(state, this.#pod.spec.restartPolicy)))
    return this.#finish()
  }

  /** Ends it as its deletion asks, and has the API server forget it. */
  end(graceSeconds: number = GRACE_SECONDS): Promise<void> {
    return (this.#ending ??= this.#end(graceSeconds))
  }

  /** As a crash: of the pod's processes, or with `silently` of the machine. */
  crash(silently: boolean): void {
    if (silently) this.#stopping = this.#forgotten = true
    for (const { kill } of this.#launched.values()) kill('SIGKILL')
    if (silently) void removePod(this.#options.place.ip)
  }

  async #end(graceSeconds: number): Promise<void> {
    this.#stopping = true
    const deadline = performance.now() + graceSeconds * 1000
    await Promise.all(this.#state.containers.map(state => this.#endContainer(state, deadline)))
    await this.#report()
    await removePod(this.#options.place.ip)
    await forget(this.#options.client, this.#pod)
  }

  async #prepare(): Promise<void> {
    const { client, folder, place, nameServer } = this.#options
    const { name, namespace } = this.#pod.metadata
    const hostname = this.#pod.spec.hostname ?? name
    const domains = [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local']
    const etc: Record<string, string> = {
      'resolv.conf': `nameserver ${nameServer}\nsearch ${domains.join(' ')}\noptions ndots:5 timeout:1 attempts:3\n`,
      hosts: `127.0.0.1 localhost\n${place.ip} ${hostname}\n`,
      'nsswitch.conf': 'hosts: files dns\n',
      passwd: 'root:x:0:0::/:/bin/sh\n',
      hostname: `${hostname}\n`,
    }
    await addPod(place.ip)
    await mkdir(join(folder, 'etc'), { recursive: true })
    for (const [file, content] of Object.entries(etc)) await writeFile(join(folder, 'etc', file), content)
    while (!this.#stopping) {
      try {
        this.#volumes = await volumesOf(client, this.#pod, join(folder, 'volumes'), place)
        return
      } catch {
        await sleep(RETRY_MS)
      }
    }
  }

  /** Runs a container until it is not to be restarted. */
  async #keep(state: ContainerState, policy: Pod['spec']['restartPolicy']): Promise<void> {
    for (let backoff = MIN_BACKOFF_MS; !this.#stopping; backoff = Math.min(2 * backoff, MAX_BACKOFF_MS)) {
      const startedAt = now()
      const { exitCode, message } = await this.#runOnce(state).catch((error: Error) => ({
        exitCode: 128,
        message: error.message,
      }))
      if (message) await writeFile(this.#logOf(state.container), `${message}\n`, { flag: 'a' })
      const ended = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: now() }
      Object.assign(state, { process: undefined, started: false, ready: false })
      if (this.#stopping || policy === 'Never' || (policy === 'OnFailure' && exitCode === 0)) {
        state.ended = ended
        return
      }
      Object.assign(state, { last: ended, restarts: state.restarts + 1, waiting: 'CrashLoopBackOff' })
      void this.#report()
      await sleep(backoff)
    }
  }

  async #runOnce(state: ContainerState): Promise<{ exitCode: number; message?: string }> {
    const { container } = state
    const { command, env } = await this.#commandOf(container)
    if (this.#stopping) return { exitCode: 0 }
    const launched = launch(command, env, this.#logOf(container))
    this.#launched.set(container.name, launched)
    state.process = { pid: launched.pid, startedAt: now() }
    const asking = new AbortController()
    void this.#ask(state, launched, asking.signal)
    void this.#report()
    const exitCode = await launched.ended
    asking.abort()
    // What it has started goes with it.
    launched.kill('SIGKILL')
    this.#launched.delete(container.name)
    return { exitCode }
  }

  async #ask(state: ContainerState, launched: Launched, signal: AbortSignal): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = state.container
    const execute = (command: string[], timeoutMs: number) => this.#execute(state.container, command, timeoutMs)
    const asked = { container: state.container, ip: this.#state.ip, execute }
    const alive = (well: boolean) => well || launched.kill('SIGKILL')
    if (startupProbe) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const started = new AbortController()
      void keepAsking(startupProbe, asked, AbortSignal.any([signal, started.signal]), well =>
        well ? resolve() : launched.kill('SIGKILL'),
      )
      await promise
      started.abort()
    }
    Object.assign(state, { started: true, ready: !readinessProbe })
    if (livenessProbe) void keepAsking(livenessProbe, asked, signal, alive)
    if (readinessProbe)
      void keepAsking(readinessProbe, asked, signal, well => {
        if (state.ready === well) return
        state.ready = well
        void this.#report()
      })
    if (startupProbe || !readinessProbe) await this.#report()
  }

  /** `command` and the environment, as a process of this machine. */
  async #commandOf(container: Container, given?: string[]): Promise<{ command: string[]; env: NodeJS.ProcessEnv }> {
    const { client, images, folder, place } = this.#options
    const image = imageOf(images, container.image)
    const { metadata, spec } = this.#pod
    const own = { PATH, HOME: '/', HOSTNAME: spec.hostname ?? metadata.name, ...image.environment }
    const service = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
    const variables = await environmentOf(client, this.#pod, container, place)
    const said = container.command ?? image.entrypoint
    const args = container.args ?? []
    const command = given ?? [...said, ...args].map(word => substituted(word, variables))
    const root = join(folder, `root-${container.name}`)
    await mkdir(root, { recursive: true })
    return {
      command: [...insideNetwork(place.ip), ...insideRoot(this.#rootOf(container, image, root), command)],
      env: { ...own, ...service, ...variables },
    }
  }

  #rootOf(container: Container, image: Image, root: string) {
    const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, subPath, readOnly }) => {
      return { from: join(this.#volumes.get(name) ?? '', subPath ?? ''), to: mountPath, readOnly }
    })
    const readOnly = container.securityContext?.readOnlyRootFilesystem ?? false
    const workingDir = container.workingDir ?? image.workingDir ?? '/'
    const hostname = this.#pod.spec.hostname ?? this.#pod.metadata.name
    return { root, image, etc: join(this.#options.folder, 'etc'), mounts, readOnly, workingDir, hostname }
  }

  async #execute(container: Container, given: string[], timeoutMs: number): Promise<boolean> {
    const { command, env } = await this.#commandOf(container, given)
    const launched = launch(command, env, this.#logOf(container))
    const timer = setTimeout(() => launched.kill('SIGKILL'), timeoutMs)
    const code = await launched.ended
    clearTimeout(timer)
    return code === 0
  }

  async #endContainer({ container }: ContainerState, deadline: number): Promise<void> {
    const launched = this.#launched.get(container.name)
    if (!launched) return
    const left = () => Math.max(0, deadline - performance.now())
    const { exec, sleep: pause } = container.lifecycle?.preStop ?? {}
    const asked = {
      container,
      ip: this.#state.ip,
      execute: (c: string[], ms: number) => this.#execute(container, c, ms),
    }
    if (exec) await probe({ exec, timeoutSeconds: left() / 1000 }, asked)
    if (pause) await sleep(Math.min(pause.seconds * 1000, left()))
    launched.kill('SIGTERM')
    const timer = setTimeout(() => launched.kill('SIGKILL'), left())
    await launched.ended
    clearTimeout(timer)
  }

  async #finish(): Promise<void> {
    if (this.#stopping) return
    this.#state.finished = true
    await this.#report()
  }

  #logOf({ name }: Container): string {
    return join(this.#options.folder, `${name}.log`)
  }

  /** Tells the API server how it is. One at a time, the last one with what is then. */
  async #report(): Promise<void> {
    this.#stale = true
    this.#reporting ??= this.#tell()
    await this.#reporting
  }

  async #tell(): Promise<void> {
    const { namespace, name, uid } = this.#pod.metadata
    while (this.#stale) {
      this.#stale = false
      const status = statusOf(this.#state, this.#conditions, now())
      this.#conditions = status.conditions
      try {
        await this.#options.client.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, {
          metadata: { uid },
          status,
        })
      } catch (error) {
        if (isRefused(error, 404)) break
        // A conflict is with another's change, or with a new pod of the name: that one's end is heard of.
        this.#stale = true
        await sleep(RETRY_MS)
        if (isRefused(error, 409) && this.#forgotten) break
      }
    }
    this.#reporting = undefined
  }
}

/** Has the API server forget a pod whose processes have ended. */
export async function forget(client: Client, { metadata: { namespace, name, uid } }: Pod): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`
  // A conflict may be with another's change, or with a new pod of the name.
  const isThere = () => client.get<Pod>(path).then(({ metadata }) => metadata.uid === uid)
  for (let there = true; there; ) {
    try {
      await client.remove(path, { gracePeriodSeconds: 0, preconditions: { uid } })
      return
    } catch (error) {
      if (isRefused(error, 404)) return
      there = await isThere().catch(error => !isRefused(error, 404))
      await sleep(RETRY_MS)
    }
  }
}

function now(): string {
  return new Date().toISOString()
}
