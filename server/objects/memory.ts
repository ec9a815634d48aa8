/** The object store port in memory, for a node that keeps no files. Every bucket is there. */
import { type Buckets, byName, type ObjectEntry, ObjectMissing, type ObjectStore } from './objects.ts'

export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, Buffer>()

  async put(name: string, bytes: Uint8Array): Promise<void> {
    this.#objects.set(name, Buffer.from(bytes))
  }

  async *get(name: string): AsyncGenerator<Uint8Array> {
    const bytes = this.#objects.get(name)
    if (!bytes) throw new ObjectMissing(`there is no object ${name}`)
    yield bytes
  }

  async *list(prefix: string): AsyncGenerator<ObjectEntry> {
    const found = [...this.#objects].filter(([name]) => name.startsWith(prefix))
    yield* found.map(([name, { length }]) => ({ name, size: length })).sort(byName)
  }

  async delete(name: string): Promise<void> {
    this.#objects.delete(name)
  }
}

export class MemoryBuckets implements Buckets {
  readonly #buckets = new Map<string, ObjectStore>()

  async open(bucket: string): Promise<ObjectStore> {
    let objects = this.#buckets.get(bucket)
    if (!objects) this.#buckets.set(bucket, (objects = new MemoryObjectStore()))
    return objects
  }
}
