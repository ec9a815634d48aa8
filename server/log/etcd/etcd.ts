/**
 * The log port on an etcd cluster of its own: slower than a log made for it, and the most conservative. It is for few partitions
 * with moderate writes. etcd must take requests of an entry's size (`--max-request-bytes`) and of some hundred operations
 * (`--max-txn-ops`); what is trimmed becomes free when etcd compacts (`--auto-compaction-*`) and is reused after that.
 */
import { randomUUID } from 'node:crypto'
import { OperatorError } from '../../base/failure.ts'
import { EtcdClient, type EtcdOptions, EtcdUnavailable } from '../../etcd/client.ts'
import { listPrefix } from '../../etcd/range.ts'
import { PrefixWatch } from '../../etcd/watch.ts'
import { type LogStore, LogUnavailable, type Position } from '../log.ts'
import { LogKeys } from './keys.ts'
import { type EtcdGuard, EtcdLog } from './partition.ts'

export type EtcdLogOptions = EtcdOptions & {
  /** All keys begin with it. Ends with a slash. */
  prefix: string
  /** What else must hold for an append of the partition, if the leaders' keys are in the same etcd. */
  guard?: (partition: string) => EtcdGuard | undefined
  /** Whether a partition's log was made before: it is an error if it is not there then. */
  made?: (partition: string) => Promise<boolean>
}

export class EtcdLogStore implements LogStore {
  readonly #client: EtcdClient
  readonly #keys: LogKeys
  readonly #options: EtcdLogOptions
  readonly #logs = new Map<string, EtcdLog>()
  readonly #partitions: Set<string>
  readonly #watch: Promise<PrefixWatch>

  /** Errors: LogUnavailable. */
  static async open(options: EtcdLogOptions): Promise<EtcdLogStore> {
    const client = new EtcdClient(options)
    const keys = new LogKeys(options.prefix)
    try {
      const { found } = await listPrefix(client, keys.ends, true)
      const store = new EtcdLogStore(
        client,
        keys,
        options,
        found.map(({ key }) => keys.partitionOf(key.toString())),
      )
      await store.#watch
      return store
    } catch (error) {
      client.close()
      throw unavailable(error)
    }
  }

  private constructor(client: EtcdClient, keys: LogKeys, options: EtcdLogOptions, partitions: string[]) {
    this.#client = client
    this.#keys = keys
    this.#options = options
    this.#partitions = new Set(partitions)
    this.#watch = PrefixWatch.begin(client, keys.ends, changes => {
      for (const { key, entry } of changes) {
        const log = this.#logs.get(keys.partitionOf(key))
        if (entry) log?.heard(entry.value.toString())
      }
    })
  }

  /** Errors: OperatorError if the log was there before, and is gone; LogUnavailable. */
  async open(partition: string, base: Position): Promise<EtcdLog> {
    let log = this.#logs.get(partition)
    if (!log) {
      await this.#make(partition, base).catch(error => Promise.reject(unavailable(error)))
      const guard = () => this.#options.guard?.(partition)
      log = this.#logs.get(partition) ?? new EtcdLog(this.#client, this.#keys, partition, guard)
      this.#logs.set(partition, log)
      this.#partitions.add(partition)
    }
    await log.refresh()
    return log
  }

  async drop(partition: string): Promise<void> {
    const log = this.#logs.get(partition)
    this.#logs.delete(partition)
    this.#partitions.delete(partition)
    await log?.close('the partition was dropped')
    const ranges = [{ key: this.#keys.end(partition) }, this.#keys.range(partition, 0)]
    const request = {
      compare: [],
      success: ranges.map(range => ({ request_delete_range: range })),
      failure: [],
    }
    await this.#client.repeat(member => member.kv.txn(request)).catch(error => Promise.reject(unavailable(error)))
  }

  partitions(): string[] {
    return [...this.#partitions]
  }

  size(): number {
    let sum = 0
    for (const { known } of this.#logs.values()) sum += known.sizes.total
    return sum
  }

  async close(): Promise<void> {
    ;(await this.#watch).stop()
    await Promise.all([...this.#logs.values()].map(log => log.close('the log is closed')))
    this.#client.close()
  }

  async #make(partition: string, base: Position): Promise<void> {
    const key = this.#keys.end(partition)
    // Asked first: another process may make it, and say so, while this one looks.
    const isMade = await this.#options.made?.(partition)
    const { kvs } = await this.#client.repeat(member => member.kv.range({ key }))
    if (kvs.length > 0) return
    if (isMade)
      throw new OperatorError(`The log of partition ${partition} is gone from etcd. Restore etcd from a backup.`)
    const mark = `${base} ${randomUUID()}`
    const request = {
      compare: [{ key, target: 'Version' as const, result: 'Equal' as const, version: 0 }],
      success: [{ request_put: { key, value: Buffer.from(mark) } }],
      failure: [],
    }
    // If another process makes it at the same time, there is one all the same.
    await this.#client.repeat(member => member.kv.txn(request))
  }
}

function unavailable(error: unknown): unknown {
  return error instanceof EtcdUnavailable ? new LogUnavailable(error.message) : error
}
