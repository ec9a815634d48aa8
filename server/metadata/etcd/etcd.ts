/**
 * The metadata port on an etcd cluster. A key's version is the revision of the whole store at its last change, which only
 * grows: so INV-M2 holds over deletion as well.
 */
import { EtcdLeaseInvalidError, type IKeyValue, type ITxnRequest } from 'etcd3'
import { type Clock, sleep } from '../../base/clock.ts'
import { EtcdClient, type EtcdOptions, EtcdUnavailable } from '../../etcd/client.ts'
import { listPrefix } from '../../etcd/range.ts'
import { PrefixWatch } from '../../etcd/watch.ts'
import {
  type Commit,
  LeaseLost,
  type Metadata,
  type MetadataChange,
  type MetadataEntry,
  MetadataUnavailable,
} from '../metadata.ts'
import { EtcdLease } from './lease.ts'

export type EtcdMetadataOptions = EtcdOptions & {
  /** All keys begin with it here, so that several Tavolas can share an etcd. Ends with a slash. */
  prefix: string
  /** How long a lease outlives its last renewal. */
  leaseSeconds: number
  clock: Clock
}

const COMMIT_PATIENCE_MS = 8000
const RETRY_MS = 50

export class EtcdMetadata implements Metadata {
  readonly #client: EtcdClient
  readonly #prefix: string
  readonly #leaseSeconds: number
  readonly #clock: Clock
  readonly #watches = new Set<PrefixWatch>()
  readonly #leases = new Set<EtcdLease>()

  constructor({ prefix, leaseSeconds, clock, ...etcd }: EtcdMetadataOptions) {
    this.#client = new EtcdClient(etcd)
    this.#prefix = prefix
    this.#leaseSeconds = leaseSeconds
    this.#clock = clock
  }

  async get(key: string): Promise<MetadataEntry | undefined> {
    const { kvs } = await available(this.#client.repeat(member => member.kv.range({ key: this.#keyOf(key) })))
    return kvs[0] && this.#entryOf(kvs[0])
  }

  async list(prefix: string): Promise<MetadataEntry[]> {
    const { found } = await available(listPrefix(this.#client, this.#prefix + prefix))
    return found.map(entry => this.#entryOf(entry))
  }

  async commit(commit: Commit): Promise<boolean> {
    if (commit.puts?.some(({ lease }) => lease?.lost.aborted)) throw new LeaseLost('the lease is over')
    const request = this.#requestOf(commit)
    const end = this.#clock.monotonic() + COMMIT_PATIENCE_MS
    while (true) {
      try {
        return (await this.#client.once(member => member.kv.txn(request))).succeeded
      } catch (error) {
        if (error instanceof EtcdLeaseInvalidError) throw new LeaseLost(error.message)
        if (!(error instanceof EtcdUnavailable)) throw error
        // Repeating one that took effect would find that its guards fail, and say that nothing has changed.
        if (!error.unsent || this.#clock.monotonic() > end) throw new MetadataUnavailable(error.message)
        await sleep(this.#clock, RETRY_MS)
      }
    }
  }

  async watch(prefix: string, listener: (changes: MetadataChange[]) => void): Promise<() => void> {
    const tell = PrefixWatch.begin(this.#client, this.#prefix + prefix, changes =>
      listener(
        changes.map(({ key, entry }) => ({
          key: key.slice(this.#prefix.length),
          entry: entry && this.#entryOf(entry),
        })),
      ),
    )
    const watch = await available(tell)
    this.#watches.add(watch)
    return () => {
      watch.stop()
      this.#watches.delete(watch)
    }
  }

  async lease(): Promise<EtcdLease> {
    const lease = await available(EtcdLease.grant(this.#client, this.#clock, this.#leaseSeconds))
    this.#leases.add(lease)
    lease.lost.addEventListener('abort', () => this.#leases.delete(lease))
    return lease
  }

  /** Its leases end at once, if etcd can be told. */
  async close(): Promise<void> {
    for (const watch of this.#watches) watch.stop()
    await Promise.allSettled([...this.#leases].map(lease => lease.revoke()))
    this.#client.close()
  }

  #requestOf({ guards, puts = [], deletes = [] }: Commit): ITxnRequest {
    return {
      compare: guards.map(({ key, version }) => ({
        key: this.#keyOf(key),
        target: 'Mod',
        result: 'Equal',
        mod_revision: version,
      })),
      success: [
        ...puts.map(({ key, value, lease }) => ({
          request_put: { key: this.#keyOf(key), value: Buffer.from(value), lease: lease?.id ?? 0 },
        })),
        ...deletes.map(key => ({ request_delete_range: { key: this.#keyOf(key) } })),
      ],
      failure: [],
    }
  }

  #keyOf(key: string): Buffer {
    return Buffer.from(this.#prefix + key)
  }

  #entryOf({ key, value, mod_revision }: IKeyValue): MetadataEntry {
    return { key: key.toString().slice(this.#prefix.length), value: value.toString(), version: Number(mod_revision) }
  }
}

/** Errors: MetadataUnavailable for EtcdUnavailable. */
async function available<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof EtcdUnavailable ? new MetadataUnavailable(error.message) : error
  }
}
