/** What the operator reads and writes in the cluster's metadata: tables as they are, and wishes. */

import { type Realm, tablesPrefix } from '../../server/cluster/records.ts'
import type { Metadata, MetadataEntry } from '../../server/metadata/metadata.ts'
import type { TableRecord } from '../../server/model/table.ts'
import type { PlacementWish } from '../specs/pool.ts'

/** Which resource a table belongs to; `retained`: none any more, and none is to be made for it. */
export type Claim = { namespace: string; name: string; uid: string } | { retained: true }

const CLAIMS = 'claims/'
const PLACEMENTS = 'placements/'
const DRAINS = 'drains/'
/** So written into drains: those of people are left alone. */
const DRAINED_BY = 'operator'

export class Records {
  readonly #metadata: Metadata
  readonly #realm: Realm
  readonly #entries = new Map<string, MetadataEntry>()
  /** These are parsed once: all of them are looked at again and again. */
  readonly #claims = new Map<string, Claim>()
  readonly #tables = new Map<string, TableRecord>()
  #unwatch: (() => void)[] = []

  constructor(metadata: Metadata, realm: Realm) {
    this.#metadata = metadata
    this.#realm = realm
  }

  /** `changed` is told which table's record has changed. */
  async start(changed: (table: string) => void): Promise<void> {
    const tables = tablesPrefix(this.#realm)
    for (const prefix of [CLAIMS, PLACEMENTS, DRAINS, tables]) {
      const unwatch = await this.#metadata.watch(prefix, changes => {
        for (const { key, entry } of changes) {
          this.#take(key, entry)
          if (prefix !== tables) continue
          const name = key.slice(tables.length)
          if (entry) this.#tables.set(name, JSON.parse(entry.value) as TableRecord)
          else this.#tables.delete(name)
          changed(name)
        }
      })
      this.#unwatch.push(unwatch)
    }
  }

  stop(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
  }

  table(name: string): TableRecord | undefined {
    return this.#tables.get(name)
  }

  tables(): TableRecord[] {
    return [...this.#tables.values()]
  }

  tableArn(name: string): string {
    const { account, region } = this.#realm
    return `arn:aws:dynamodb:${region}:${account}:table/${name}`
  }

  claim(table: string): Claim | undefined {
    return this.#claims.get(table)
  }

  placement(table: string): PlacementWish | undefined {
    return this.#read(PLACEMENTS + table)
  }

  placements(): PlacementWish[] {
    const keys = [...this.#entries.keys()].filter(key => key.startsWith(PLACEMENTS))
    return keys.map(key => this.#read(key)!)
  }

  isDrained(node: string): boolean {
    return this.#entries.has(DRAINS + node)
  }

  /** Did the operator itself ask for it? */
  isDrainedHere(node: string): boolean {
    return this.#read<{ by?: string }>(DRAINS + node)?.by === DRAINED_BY
  }

  /** Undefined takes it away. False: somebody else was faster; look again. Errors of all that write: MetadataUnavailable. */
  setClaim(table: string, claim: Claim | undefined): Promise<boolean> {
    return this.#write(CLAIMS + table, claim)
  }

  setPlacement(table: string, placement: PlacementWish | undefined): Promise<boolean> {
    return this.#write(PLACEMENTS + table, placement)
  }

  drain(node: string, now: number): Promise<boolean> {
    return this.#write(DRAINS + node, { since: now, by: DRAINED_BY })
  }

  undrain(node: string): Promise<boolean> {
    return this.#write(DRAINS + node, undefined)
  }

  #read<T>(key: string): T | undefined {
    const entry = this.#entries.get(key)
    return entry && (JSON.parse(entry.value) as T)
  }

  async #write(key: string, value: object | undefined): Promise<boolean> {
    const entry = this.#entries.get(key)
    if (!entry && value === undefined) return true
    const guards = [{ key, version: entry?.version ?? 0 }]
    const done = await this.#metadata.commit(
      value === undefined ? { guards, deletes: [key] } : { guards, puts: [{ key, value: JSON.stringify(value) }] },
    )
    // The watch may be a moment late: what is done next rests on it.
    this.#take(key, await this.#metadata.get(key))
    return done
  }

  #take(key: string, entry: MetadataEntry | undefined): void {
    const known = this.#entries.get(key)
    if (entry && known && known.version >= entry.version) return
    if (entry) this.#entries.set(key, entry)
    else this.#entries.delete(key)
    if (!key.startsWith(CLAIMS)) return
    const name = key.slice(CLAIMS.length)
    if (entry) this.#claims.set(name, JSON.parse(entry.value) as Claim)
    else this.#claims.delete(name)
  }
}
