/**
 * The metadata port: the little that everybody must agree on. Keys are paths (`tables/...`), values JSON text.
 *
 * INV-M1  A commit takes effect whole or not at all, and only if every guard still holds.
 * INV-M2  Versions of a key grow with every change, also through deletion and re-creation; a guard never mistakes a new
 *         value for an old one.
 * INV-M3  A watcher sees every key's last state, and the changes of one key in order.
 * INV-M4  Keys bound to a lease vanish with it.
 */

export type MetadataEntry = { key: string; value: string; version: number }

export type MetadataChange = { key: string; entry: MetadataEntry | undefined }

/** `version` 0: the key must be absent. */
export type Guard = { key: string; version: number }

export type Commit = {
  guards: Guard[]
  puts?: { key: string; value: string; lease?: Lease }[]
  deletes?: string[]
}

export interface Lease {
  readonly id: string
  /** Aborted when the lease has run out or was revoked. */
  readonly lost: AbortSignal
  /**
   * Until when, by this process's own monotonic clock in milliseconds, nobody else can see the lease as over: counted from
   * before the last renewal was asked for. A process that was frozen must look here: `lost` comes late then.
   */
  validUntil(): number
  revoke(): Promise<void>
}

export interface Metadata {
  get(key: string): Promise<MetadataEntry | undefined>
  /** In key order. */
  list(prefix: string): Promise<MetadataEntry[]>
  /**
   * False if a guard did not hold; then nothing changed. Errors: LeaseLost; then nothing changed either; MetadataUnavailable;
   * then nobody knows, and it may yet take effect.
   */
  commit(commit: Commit): Promise<boolean>
  /**
   * Calls `listener` with what is there now, then with every change. The promise resolves after the first call.
   * Returns a function that ends the watch.
   */
  watch(prefix: string, listener: (changes: MetadataChange[]) => void): Promise<() => void>
  /** A lease that is kept alive until revoked, or until it can't be. */
  lease(): Promise<Lease>
  close(): Promise<void>
}

/** The metadata can't be reached, or did not answer in time. Any method may say so, after some seconds. */
export class MetadataUnavailable extends Error {
  override name = 'MetadataUnavailable'
}

/** A key was to be bound to a lease that is over. */
export class LeaseLost extends Error {
  override name = 'LeaseLost'
}
