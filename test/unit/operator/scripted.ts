/** An API server for tests of the client: objects of one kind, with versions, watches that can be cut, and errors by order. */
import { KubeError } from '../../../operator/kube/errors.ts'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import type { Query, Request, Transport } from '../../../operator/kube/transport.ts'

type Event = { type: string; object: KubeObject }

export class Scripted implements Transport {
  readonly objects = new Map<string, KubeObject>()
  readonly requests: Request[] = []
  /** From versions before it nobody can watch. */
  oldest = 0
  /** Thrown by the next request. */
  next: KubeError | undefined
  lists = 0
  watches = 0
  #version = 0
  #events: { version: number; event: Event }[] = []
  readonly #wake = new Set<() => void>()
  #cuts = 0

  set(name: string, members: object = {}): KubeObject {
    this.#version += 1
    const type = this.objects.has(name) ? 'MODIFIED' : 'ADDED'
    const object = { ...members, metadata: { name, namespace: 'n', uid: name, resourceVersion: String(this.#version) } }
    this.objects.set(name, object)
    this.#tell({ type, object })
    return object
  }

  delete(name: string): void {
    this.#version += 1
    const { metadata } = this.objects.get(name)!
    this.objects.delete(name)
    this.#tell({ type: 'DELETED', object: { metadata: { ...metadata, resourceVersion: String(this.#version) } } })
  }

  /** Ends all watches. */
  cut(): void {
    this.#cuts += 1
    for (const wake of this.#wake) wake()
  }

  async send(request: Request): Promise<unknown> {
    this.requests.push(request)
    const { next } = this
    this.next = undefined
    if (next) throw next
    const { method, path, body } = request
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (method === 'POST') {
      const { metadata, ...rest } = body as KubeObject
      if (this.objects.has(metadata.name)) throw new KubeError(409, 'AlreadyExists', 'it is there')
      return this.set(metadata.name, rest)
    }
    if (method === 'PUT') {
      const { metadata, ...rest } = body as KubeObject
      if (this.objects.get(name)?.metadata.resourceVersion !== metadata.resourceVersion)
        throw new KubeError(409, 'Conflict', 'it has changed')
      return this.set(name, rest)
    }
    if (this.objects.has(name)) return this.objects.get(name)
    if (/\/namespaces\/[^/]+\/[^/]+\/[^/]+$/.test(path)) throw new KubeError(404, 'NotFound', 'there is none')
    this.lists += 1
    return { items: [...this.objects.values()], metadata: { resourceVersion: String(this.#version) } }
  }

  async *lines(_path: string, { resourceVersion }: Query, signal: AbortSignal): AsyncIterable<unknown> {
    this.watches += 1
    if (Number(resourceVersion) < this.oldest) {
      yield { type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old' } }
      return
    }
    const cuts = this.#cuts
    let version = Number(resourceVersion)
    while (!signal.aborted && cuts === this.#cuts) {
      for (const past of this.#events.filter(event => event.version > version)) {
        version = past.version
        yield past.event
      }
      yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: String(version) } } }
      // Something may have come while that was taken in.
      if (version < this.#version || signal.aborted || cuts !== this.#cuts) continue
      await new Promise<void>(resolve => {
        this.#wake.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  #tell(event: Event): void {
    this.#events.push({ version: this.#version, event })
    for (const wake of this.#wake) wake()
  }
}

/** Time that stands still until it is moved: timers run in their order. */
export class StillClock {
  #now = 0
  readonly #timers = new Set<{ at: number; task: () => void }>()

  now = () => 1_700_000_000_000 + this.#now
  monotonic = () => this.#now
  soon = (task: () => void) => void setImmediate(task)
  after = (ms: number, task: () => void) => {
    const timer = { at: this.#now + ms, task }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** Between timers what they began gets on. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await rest()
    while (true) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#now = Math.max(this.#now, next.at)
      this.#timers.delete(next)
      next.task()
      await rest()
    }
    this.#now = end
  }
}

export async function rest(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
}
