/**
 * What the API server has of one kind, kept here: a list, then a watch from there, resumed where it ended. A list is asked for
 * anew only when the server no longer knows the place (410), and now and then, in case something was missed.
 */
import { type Clock, sleep } from '../../server/base/clock.ts'
import type { Logger } from '../../server/base/logger.ts'
import type { KubeClient, Selection } from './client.ts'
import { isGone, KubeError } from './errors.ts'
import { type Kind, keyOf } from './kinds.ts'
import type { KubeObject } from './objects.ts'

const FIRST_REST_MS = 250
const LONGEST_REST_MS = 15_000

export type ReflectorPorts = { client: KubeClient; clock: Clock; logger: Logger }

export type ReflectorOptions = {
  selection?: Selection
  /** How often everything is told again, as if it had changed. */
  resyncMs?: number
}

export class Reflector<T extends KubeObject> {
  readonly #ports: ReflectorPorts
  readonly #kind: Kind<T>
  readonly #selection: Selection
  readonly #resyncMs: number
  readonly #objects = new Map<string, T>()
  readonly #listeners: ((key: string) => void)[] = []
  readonly #ended = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #cancelResync = () => {}

  constructor(ports: ReflectorPorts, kind: Kind<T>, { selection = {}, resyncMs = 600_000 }: ReflectorOptions = {}) {
    this.#ports = ports
    this.#kind = kind
    this.#selection = selection
    this.#resyncMs = resyncMs
  }

  /** Called with the key of whatever was added, has changed or is gone, after the cache has it. */
  listen(listener: (key: string) => void): void {
    this.#listeners.push(listener)
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  list(): T[] {
    return [...this.#objects.values()]
  }

  /** An object that a write has just answered with, so that the next look sees it. */
  put(object: T): void {
    const key = keyOf(object)
    const known = this.#objects.get(key)
    if (known && versionOf(known) >= versionOf(object)) return
    // What has gone meanwhile would stay for ever.
    if (!known && object.metadata.deletionTimestamp !== undefined) return
    this.#keep(key, object)
  }

  /** Resolves when the first list is here. It is tried until it is, or until the reflector is stopped. */
  async start(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#running = this.#run(resolve).finally(resolve)
    })
    this.#resync()
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    this.#cancelResync()
    await this.#running
  }

  async #run(listed: () => void): Promise<void> {
    const { clock, logger } = this.#ports
    let [version, rest] = [undefined as string | undefined, FIRST_REST_MS]
    while (!this.#ended.signal.aborted) {
      const began = clock.monotonic()
      try {
        version ??= await this.#relist()
        listed()
        for await (const next of this.#follow(version)) version = next
      } catch (error) {
        if (this.#ended.signal.aborted) return
        if (isGone(error)) version = undefined
        else logger.warn({ err: error, kind: this.#kind.kind }, 'a watch was broken off')
      }
      // A watch that lasted was a good one: the server ends each after some minutes.
      rest = clock.monotonic() - began > LONGEST_REST_MS ? FIRST_REST_MS : Math.min(rest * 2, LONGEST_REST_MS)
      await this.#pause(rest * (0.5 + Math.random() / 2))
    }
  }

  async #relist(): Promise<string> {
    const { items, resourceVersion } = await this.#ports.client.list(this.#kind, this.#selection)
    const gone = new Set(this.#objects.keys())
    for (const object of items) {
      gone.delete(keyOf(object))
      this.#take(object)
    }
    for (const key of gone) this.#drop(key)
    return resourceVersion
  }

  /** Yields how far it has come. */
  async *#follow(from: string): AsyncIterable<string> {
    const events = this.#ports.client.watch(this.#kind, this.#selection, from, this.#ended.signal)
    for await (const event of events) {
      if (event.type === 'ERROR') {
        const { code, reason = '', message = '' } = event.object
        throw new KubeError(code, reason, message)
      }
      if (event.type === 'DELETED') this.#drop(keyOf(event.object))
      else if (event.type !== 'BOOKMARK') this.#take(event.object)
      yield event.object.metadata.resourceVersion!
    }
  }

  #take(object: T): void {
    const key = keyOf(object)
    const known = this.#objects.get(key)
    if (known?.metadata.resourceVersion === object.metadata.resourceVersion) {
      this.#tell(key)
      return
    }
    if (known?.metadata.uid === object.metadata.uid && known && versionOf(known) > versionOf(object)) return
    this.#keep(key, object)
    this.#tell(key)
  }

  /** Without who set which of its fields, which is half of what there is of it. */
  #keep(key: string, object: T): void {
    delete (object.metadata as { managedFields?: unknown }).managedFields
    this.#objects.set(key, object)
  }

  #drop(key: string): void {
    if (this.#objects.delete(key)) this.#tell(key)
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) listener(key)
  }

  #resync(): void {
    if (this.#ended.signal.aborted) return
    this.#cancelResync = this.#ports.clock.after(this.#resyncMs, () => {
      for (const key of this.#objects.keys()) this.#tell(key)
      this.#resync()
    })
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#ended
    if (signal.aborted) return Promise.resolve()
    const ended = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    return Promise.race([sleep(this.#ports.clock, ms), ended])
  }
}

/** Since Kubernetes 1.35 resource versions are numbers that may be compared within one kind. */
function versionOf({ metadata }: KubeObject): bigint {
  return BigInt(metadata.resourceVersion ?? 0)
}
