/** A node: what it says of itself, and the pods that are bound to it. */
import { join } from 'node:path'
import { type Client, isRefused } from '../client.ts'
import { type Following, follow } from '../follow.ts'
import type { Pod } from '../objects.ts'
import type { Images } from './images.ts'
import { forget, PodRunner } from './pod.ts'

export type NodeOptions = {
  client: Client
  images: Images
  name: string
  zone: string
  /** Its pods have addresses in here: `10.244.1`. */
  network: string
  folder: string
  nameServer: string
}

const STATUS_MS = 10_000
const LEASE_MS = 2000

export class Node {
  readonly #options: NodeOptions
  readonly #pods = new Map<string, PodRunner>()
  #following: Following<Pod> | undefined
  #timers: NodeJS.Timeout[] = []
  #addresses = 1

  constructor(options: NodeOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  get zone(): string {
    return this.#options.zone
  }

  /** Registers it and takes pods; again after a crash, as a machine that comes back. */
  async start(): Promise<void> {
    const { client, name, zone } = this.#options
    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'topology.kubernetes.io/zone': zone,
      'topology.kubernetes.io/region': 'test',
    }
    await ignoring(409, client.create('/api/v1/nodes', { metadata: { name, labels } }))
    await Promise.all([this.#sayStatus(), this.#renewLease()])
    this.#timers = [
      setInterval(() => this.#sayStatus().catch(() => {}), STATUS_MS),
      setInterval(() => this.#renewLease().catch(() => {}), LEASE_MS),
    ]
    const watcher = { changed: (pod: Pod) => this.#changed(pod), gone: (pod: Pod) => this.#gone(pod) }
    this.#following = await follow<Pod>(client, '/api/v1/pods', watcher, `fieldSelector=spec.nodeName=${name}`)
  }

  /** As a machine that loses its power: nobody hears of it. */
  crash(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#following?.stop()
    for (const pod of this.#pods.values()) pod.crash(true)
    this.#pods.clear()
  }

  /** Kills a pod's processes. False: it is not here. */
  crashPod(uid: string): boolean {
    const pod = this.#pods.get(uid)
    pod?.crash(false)
    return pod !== undefined
  }

  #changed(pod: Pod): void {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
    const runner = this.#pods.get(uid)
    if (deletionTimestamp) {
      if (runner) void runner.end(deletionGracePeriodSeconds).then(() => this.#pods.delete(uid))
      else void forget(this.#options.client, pod)
      return
    }
    if (!runner && !['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) this.#run(pod)
  }

  #gone({ metadata: { uid } }: Pod): void {
    this.#pods.get(uid)?.crash(true)
    this.#pods.delete(uid)
  }

  #run(pod: Pod): void {
    const { client, images, folder, network, nameServer } = this.#options
    const place = { ip: `${network}.${++this.#addresses}`, hostIP: `${network}.1` }
    const runner = new PodRunner(pod, { client, images, folder: join(folder, pod.metadata.uid), place, nameServer })
    this.#pods.set(pod.metadata.uid, runner)
    runner.run().catch(error => console.error(`pod ${pod.metadata.name}:`, error))
  }

  async #sayStatus(): Promise<void> {
    const { client, name, network } = this.#options
    const time = new Date().toISOString()
    const holds = { Ready: 'True', MemoryPressure: 'False', DiskPressure: 'False', PIDPressure: 'False' }
    const conditions = Object.entries(holds).map(([type, status]) => {
      return { type, status, reason: 'Test', message: '', lastHeartbeatTime: time, lastTransitionTime: time }
    })
    const room = { cpu: '64', memory: '256Gi', pods: '500' }
    const addresses = [
      { type: 'InternalIP', address: `${network}.1` },
      { type: 'Hostname', address: name },
    ]
    const status = { capacity: room, allocatable: room, addresses, conditions }
    await client.patch(`/api/v1/nodes/${name}/status`, { status }, 'strategic')
  }

  async #renewLease(): Promise<void> {
    const { client, name } = this.#options
    const collection = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    // In microseconds: the API server takes no other.
    const renewTime = new Date().toISOString().replace('Z', '000Z')
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime }
    try {
      await client.patch(`${collection}/${name}`, { spec })
    } catch (error) {
      if (!isRefused(error, 404)) throw error
      await client.create(collection, { metadata: { name, namespace: 'kube-node-lease' }, spec })
    }
  }
}

async function ignoring(code: number, call: Promise<unknown>): Promise<void> {
  await call.catch(error => {
    if (!isRefused(error, code)) throw error
  })
}
