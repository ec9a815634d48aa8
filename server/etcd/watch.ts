/**
 * A watch that always comes to know the last state. Whenever its stream ends, for whatever reason, everything is listed anew
 * and compared with what was told: compaction, lost connections and members that lag behind need no care of their own.
 */
import type { Etcd3, IKeyValue, IWatchResponse } from 'etcd3'
import type { EtcdClient } from './client.ts'
import { listPrefix, prefixEnd } from './range.ts'

/** Without `entry`, the key is gone. */
export type KeyChange = { key: string; entry: IKeyValue | undefined }

/** How often a watch that hears nothing makes sure that there is nothing to hear. */
const CHECK_MS = 2000
const RETRY_MS = 100

type Stream = Awaited<ReturnType<Etcd3['watchClient']['watch']>>

export class PrefixWatch {
  readonly #client: EtcdClient
  readonly #prefix: string
  readonly #listener: (changes: KeyChange[]) => void
  /** Revisions of the keys as they were told. */
  readonly #known = new Map<string, string>()
  readonly #stop = new AbortController()
  /** Up to this revision everything was told. */
  #seen = 0

  /**
   * Calls `listener` with what is there now, then with every change; changes of one key come in order. Resolves after the
   * first call. Errors: EtcdUnavailable.
   */
  static async begin(
    client: EtcdClient,
    prefix: string,
    listener: (changes: KeyChange[]) => void,
  ): Promise<PrefixWatch> {
    const watch = new PrefixWatch(client, prefix, listener)
    await watch.#list(true)
    void watch.#follow()
    return watch
  }

  private constructor(client: EtcdClient, prefix: string, listener: (changes: KeyChange[]) => void) {
    this.#client = client
    this.#prefix = prefix
    this.#listener = listener
  }

  stop(): void {
    this.#stop.abort()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#stream().catch(() => {})
      for (let listed = false; !listed && !signal.aborted; ) {
        await new Promise(resolve => setTimeout(resolve, RETRY_MS).unref())
        listed = await this.#list(false).then(
          () => true,
          () => false,
        )
      }
    }
  }

  async #list(isFirst: boolean): Promise<void> {
    const { found, revision } = await listPrefix(this.#client, this.#prefix)
    const changes = found
      .map(entry => ({ key: entry.key.toString(), entry }))
      .filter(({ key, entry }) => this.#known.get(key) !== entry.mod_revision)
    const present = new Set(found.map(entry => entry.key.toString()))
    const gone = [...this.#known.keys()].filter(key => !present.has(key))
    this.#seen = revision
    this.#tell([...changes, ...gone.map(key => ({ key, entry: undefined }))], isFirst)
  }

  #tell(changes: KeyChange[], isFirst = false): void {
    if (this.#stop.signal.aborted) return
    for (const { key, entry } of changes) {
      if (entry) this.#known.set(key, entry.mod_revision)
      else this.#known.delete(key)
    }
    if (isFirst || changes.length > 0) this.#listener(changes)
  }

  /** Rejects when the stream ends, or does not tell what is known to have happened. */
  async #stream(): Promise<never> {
    const { member } = this.#client
    const stream = await member.watchClient.watch()
    let stop = () => {}
    try {
      return await new Promise<never>((_, reject) => {
        const ends = [
          this.#client.onMove(() => reject(new Error('another member'))),
          this.#checks(stream, () => {
            reject(new Error('it lags behind'))
            this.#client.moveFrom(member)
          }),
        ]
        const stopped = () => reject(new Error('stopped'))
        this.#stop.signal.addEventListener('abort', stopped)
        stop = () => {
          for (const end of ends) end()
          this.#stop.signal.removeEventListener('abort', stopped)
        }
        stream.on('error', reject)
        stream.on('end', () => reject(new Error('ended')))
        stream.on('data', response => {
          if (response.canceled) reject(new Error(response.cancel_reason))
          else this.#heard(response)
        })
        const range = { key: Buffer.from(this.#prefix), range_end: prefixEnd(this.#prefix) }
        stream.write({ create_request: { ...range, start_revision: this.#seen + 1 } })
        if (this.#stop.signal.aborted) stopped()
      })
    } finally {
      stop()
      stream.end()
      stream.cancel()
    }
  }

  #heard(response: IWatchResponse): void {
    const changes = response.events.map(({ type, kv }) => ({
      key: kv.key.toString(),
      entry: String(type).toUpperCase() === 'DELETE' ? undefined : kv,
    }))
    // Being created, it says which revision the member is at, and has told nothing yet.
    if (!response.created) this.#seen = Math.max(this.#seen, Number(response.header.revision))
    this.#tell(changes)
  }

  /** Calls `lags` if the stream does not come to where the cluster was a check before. Returns a function that ends that. */
  #checks(stream: Stream, lags: () => void): () => void {
    let target = 0
    const timer = setInterval(async () => {
      if (this.#seen < target) return lags()
      // A stream that stands still shows no error: a write into it may wait for ever, and nobody waits for it.
      const range = { key: Buffer.from(this.#prefix), count_only: true }
      const answer = await this.#client.once(member => member.kv.range(range)).catch(() => undefined)
      if (answer) target = Number(answer.header.revision)
      stream.write({ progress_request: {} })
    }, CHECK_MS)
    timer.unref()
    return () => clearInterval(timer)
  }
}
