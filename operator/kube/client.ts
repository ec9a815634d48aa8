/** What is done with objects: a typed client on a transport. Errors of all methods: KubeError. */
import { createHash } from 'node:crypto'
import { isNotFound } from './errors.ts'
import { type Kind, pathOf } from './kinds.ts'
import type { KubeObject, Manifest } from './objects.ts'
import { covers } from './same.ts'
import type { Transport } from './transport.ts'

/** Whose fields they are, for the API server. */
export const FIELD_MANAGER = 'tavola-operator'
/** On what is applied: of which manifest. Fields that a later manifest leaves out are known by it. */
export const APPLIED = 'tavola.dev/applied'

const PAGE = 500

export type List<T> = { items: T[]; resourceVersion: string }

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T }
  | { type: 'ERROR'; object: { code: number; reason?: string; message?: string } }

export type Selection = { namespace?: string; labels?: string; fields?: string }

export class KubeClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): Promise<T | undefined> {
    try {
      return (await this.#transport.send({ method: 'GET', path: pathOf(kind, namespace, name) })) as T
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** In pages; all of them are of one moment. */
  async list<T extends KubeObject>(kind: Kind<T>, { namespace, labels, fields }: Selection = {}): Promise<List<T>> {
    const items: T[] = []
    let next: string | undefined
    while (true) {
      const query = { limit: PAGE, continue: next, labelSelector: labels, fieldSelector: fields }
      const page = (await this.#transport.send({ method: 'GET', path: pathOf(kind, namespace), query })) as {
        items: T[]
        metadata: { resourceVersion: string; continue?: string }
      }
      items.push(...page.items)
      next = page.metadata.continue || undefined
      if (next === undefined) return { items, resourceVersion: page.metadata.resourceVersion }
    }
  }

  watch<T extends KubeObject>(
    kind: Kind<T>,
    { namespace, labels, fields }: Selection,
    resourceVersion: string,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      labelSelector: labels,
      fieldSelector: fields,
    }
    return this.#transport.lines(pathOf(kind, namespace), query, signal) as AsyncIterable<WatchEvent<T>>
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    const path = pathOf(kind, object.metadata.namespace)
    return (await this.#transport.send({
      method: 'POST',
      path,
      query: { fieldManager: FIELD_MANAGER },
      body: object,
    })) as T
  }

  async replace<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    const path = pathOf(kind, object.metadata.namespace, object.metadata.name)
    return (await this.#transport.send({
      method: 'PUT',
      path,
      query: { fieldManager: FIELD_MANAGER },
      body: object,
    })) as T
  }

  /**
   * Makes an object as `manifest` says, and leaves alone what that does not mention. Does nothing, and returns undefined, if
   * `actual`, the object as it is known, is as wanted.
   */
  async apply<T extends KubeObject>(kind: Kind<T>, manifest: Manifest, actual: T | undefined): Promise<T | undefined> {
    const marked = withMark(manifest)
    if (actual !== undefined && covers(actual, marked)) return undefined
    return this.#patch(kind, marked, { contentType: 'application/apply-patch+yaml', force: true })
  }

  /** The same for the subresource `status`. */
  async applyStatus<T extends KubeObject>(kind: Kind<T>, manifest: Manifest): Promise<T> {
    return this.#patch(kind, manifest, { contentType: 'application/apply-patch+yaml', force: true }, 'status')
  }

  /** A merge patch; `manager` is to be seen in `managedFields`. With a resource version in `patch`, only if that still holds. */
  async merge<T extends KubeObject>(
    kind: Kind<T>,
    patch: { metadata: KubeObject['metadata'] },
    manager: string = FIELD_MANAGER,
  ): Promise<T> {
    return this.#patch(kind, patch, { contentType: 'application/merge-patch+json', manager })
  }

  /** Nothing happens if it is gone, or if another one of that name is there. */
  async delete(
    kind: Kind<KubeObject>,
    { metadata }: KubeObject,
    propagationPolicy: 'Background' | 'Orphan' | 'Foreground' = 'Background',
  ): Promise<void> {
    const path = pathOf(kind, metadata.namespace, metadata.name)
    const preconditions = metadata.uid === undefined ? undefined : { uid: metadata.uid }
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions }
    try {
      await this.#transport.send({ method: 'DELETE', path, body })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async #patch<T extends KubeObject>(
    kind: Kind<T>,
    body: { metadata: KubeObject['metadata'] },
    options: { contentType: string; force?: boolean; manager?: string },
    subresource?: string,
  ): Promise<T> {
    const { contentType, force, manager = FIELD_MANAGER } = options
    const { namespace, name } = body.metadata
    const path = pathOf(kind, namespace, name, subresource)
    const query = { fieldManager: manager, force }
    return (await this.#transport.send({ method: 'PATCH', path, query, body, contentType })) as T
  }
}

function withMark(manifest: Manifest): Manifest {
  const hash = createHash('sha256').update(JSON.stringify(manifest)).digest('hex').slice(0, 16)
  const annotations = { ...manifest.metadata.annotations, [APPLIED]: hash }
  return { ...manifest, metadata: { ...manifest.metadata, annotations } }
}
