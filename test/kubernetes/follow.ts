/** The objects of a collection, kept up to date: listed, watched from there on, and listed anew when the watch breaks. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { KubeObject } from './objects.ts'

export type Following<T> = {
  objects: Map<string, T>
  stop(): void
}

export type Watcher<T> = {
  changed(object: T): void
  /** With the object as it was last seen. */
  gone?(object: T): void
}

const RETRY_MS = 250

/** Resolves once the first list was seen. `query` narrows it. */
export async function follow<T extends KubeObject>(
  client: Client,
  path: string,
  watcher: Watcher<T>,
  query = '',
): Promise<Following<T>> {
  const objects = new Map<string, T>()
  const stopping = new AbortController()
  const { signal } = stopping
  const { promise: listed, resolve } = Promise.withResolvers<void>()
  const put = (object: T) => {
    objects.set(object.metadata.uid, object)
    watcher.changed(object)
  }
  const drop = (object: T) => objects.delete(object.metadata.uid) && watcher.gone?.(object)
  const list = async () => {
    const { items, metadata } = await client.get<{ items: T[]; metadata: { resourceVersion: string } }>(
      `${path}?${query}`,
    )
    const here = new Set(items.map(item => item.metadata.uid))
    for (const object of [...objects.values()]) if (!here.has(object.metadata.uid)) drop(object)
    for (const item of items) put(item)
    resolve()
    return metadata.resourceVersion
  }
  const watch = (from: string) =>
    client.watch<T>(`${path}?watch=1&resourceVersion=${from}&${query}`, signal, ({ type, object }) => {
      if (type === 'DELETED') drop(object)
      if (type === 'ADDED' || type === 'MODIFIED') put(object)
    })
  const run = async () => {
    while (!signal.aborted) {
      await list()
        .then(watch)
        .catch((error: Error) => {
          if (!signal.aborted) console.error(`${path}: ${error.message}`)
          return sleep(RETRY_MS)
        })
    }
  }
  void run()
  await listed
  return { objects, stop: () => stopping.abort() }
}
