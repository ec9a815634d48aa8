/**
 * The directory of client tokens: which request a token came with, and the home of its transaction, so that a token is known
 * wherever its next request would go. A table like any other, but under a name that no request can spell, written by ordinary
 * conditional puts before a transaction begins. That the transaction is applied once does not rest on it (INV-T4): the
 * home's own entry sees to that.
 */
import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { rowKey } from '../codec/key.ts'
import { hashRange } from '../codec/range.ts'
import type { Condition } from '../expression/bound.ts'
import type { Metadata, MetadataEntry } from '../metadata/metadata.ts'
import { DynamoError, internalServerError } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import type { KeySchema } from '../model/schema.ts'
import { itemSize } from '../model/size.ts'
import type { TableRecord } from '../model/table.ts'
import type { Token } from '../partition/transaction.ts'
import type { Items } from './cluster.ts'
import type { Leaders } from './leaders.ts'
import { type Placement, partitionChanges } from './placement.ts'
import { slices } from './plan.ts'
import { type LeaderRecord, leaderKey, type Realm, tokensKey } from './records.ts'
import { Router } from './router.ts'

/** Longer than a home keeps the token, by more than a transaction may take. */
const CLAIM_MS = 11 * 60_000
const SWEEP_MS = 30_000
/** How long the first transaction waits for the directory. */
const READY_MS = 5000
const READY_CHECK_MS = 5
const SWEEP_ROWS = 500
const SWEEP_PAUSE_MS = 20

const NAME = 'client tokens'
const KEY: KeySchema = { hash: [{ name: 'token', type: 'S' }], range: [] }
const IS_NEW: Condition = { kind: 'notExists', path: ['token'] }

/** What is claimed already: by another request, or by this one, for a transaction with this home. */
export type EarlierClaim = { kind: 'other' } | { kind: 'same'; home: string }

export type TokenPorts = { metadata: Metadata; leaders: Leaders; clock: Clock; random: Random; logger: Logger }

type Directory = { table: TableRecord; items: Items }

export class TokenDirectory {
  readonly #ports: TokenPorts
  readonly #recordKey: string
  readonly #placement: Placement
  #opened: Promise<Directory> | undefined
  #cancel = () => {}
  #stopped = false

  constructor(ports: TokenPorts, realm: Realm, placement: Placement) {
    this.#ports = ports
    this.#recordKey = tokensKey(realm)
    this.#placement = placement
  }

  /** Sweeps from now on, until stopped; may be started again. */
  start(): void {
    this.#stopped = false
    this.#cancel()
    this.#cancel = this.#ports.clock.after(SWEEP_MS, () => {
      this.#sweep()
        .catch(error => this.#ports.logger.debug({ err: error }, 'the sweep of client tokens was interrupted'))
        .finally(() => {
          if (!this.#stopped) this.start()
        })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** Claims the token for the request and its home. @returns what was claimed before; undefined if the claim is new */
  async claim(token: Token, home: string): Promise<EarlierClaim | undefined> {
    const isOver: Condition = expiredBy(this.#ports.clock.now())
    const earlier = await this.#put(token, home, { kind: 'or', terms: [IS_NEW, isOver] })
    if (!earlier) return undefined
    return earlier.request?.S === token.request ? { kind: 'same', home: earlier.home!.S! } : { kind: 'other' }
  }

  /** Claims it anew, for a request that has claimed it before in vain. @returns false if another request has claimed it meanwhile */
  async renew(token: Token, home: string): Promise<boolean> {
    const value = { S: token.request }
    const isSame: Condition = { kind: 'compare', comparator: '=', left: { path: ['request'] }, right: { value } }
    return (await this.#put(token, home, { kind: 'or', terms: [IS_NEW, isSame] })) === undefined
  }

  /** @returns the item that is there, if the condition does not hold */
  async #put({ token, request }: Token, home: string, condition: Condition): Promise<Item | undefined> {
    const { table, items } = await this.#open()
    const expires = this.#ports.clock.now() + CLAIM_MS
    const item: Item = {
      token: { S: token },
      request: { S: request },
      home: { S: home },
      expires: { N: String(expires) },
    }
    const put = { kind: 'put' as const, key: rowKey(KEY, item), item, size: itemSize(item) }
    try {
      await items.write(table, { ...put, condition, returnOnFailure: true })
      return undefined
    } catch (error) {
      if (!(error instanceof DynamoError) || error.code !== 'ConditionalCheckFailedException') throw error
      return error.members!.Item as Item
    }
  }

  /** Makes the directory when it is first needed. */
  #open(): Promise<Directory> {
    this.#opened ??= this.#find()
      .then(async table => this.#directoryOf(table ?? (await this.#make())))
      .catch(error => {
        this.#opened = undefined
        throw error
      })
    return this.#opened
  }

  /** Resolves once its partitions know what they hold. */
  async #directoryOf(table: TableRecord): Promise<Directory> {
    const { leaders, clock, metadata } = this.#ports
    const end = clock.monotonic() + READY_MS
    for (const { id } of table.partitions) {
      while (!isReady(await metadata.get(leaderKey(id)))) {
        if (clock.monotonic() > end) throw internalServerError()
        await sleep(clock, READY_CHECK_MS)
      }
    }
    return { table, items: new Router({ find: () => table }, leaders, clock, 0) }
  }

  async #find(): Promise<TableRecord | undefined> {
    const entry = await this.#ports.metadata.get(this.#recordKey)
    return entry && (JSON.parse(entry.value) as TableRecord)
  }

  async #make(): Promise<TableRecord> {
    const { metadata, random, clock } = this.#ports
    const { partitions } = await this.#placement.wish(NAME)
    const table = directoryTable(random, clock.now(), partitions)
    const { guards, puts } = await partitionChanges(metadata, this.#placement, table)
    const key = this.#recordKey
    const isMade = await metadata.commit({
      guards: [{ key, version: 0 }, ...guards],
      puts: [{ key, value: JSON.stringify(table) }, ...puts],
    })
    return isMade ? table : (await this.#find())!
  }

  /** Removes claims that are over. */
  async #sweep(): Promise<void> {
    if (!this.#opened && !(await this.#find())) return
    const { table, items } = await this.#open()
    const { clock } = this.#ports
    for (let after: Buffer | undefined; !this.#stopped; ) {
      const range = { ...hashRange(0, 2 ** 32), after, limit: SWEEP_ROWS, maxBytes: 1e6 }
      const page = await items.range(table, undefined, range, true)
      const found = page.rows.map(({ json }) => JSON.parse(json) as Item)
      const now = clock.now()
      const over = found.filter(({ expires }) => Number(expires!.N) <= now)
      await Promise.all(over.map(item => this.#remove(table, items, item, now)))
      if (!page.cut) return
      after = rowKey(KEY, found.at(-1)!)
      await sleep(clock, SWEEP_PAUSE_MS)
    }
  }

  async #remove(table: TableRecord, items: Items, { token }: Item, now: number): Promise<void> {
    const keyItem = { token: token! }
    const condition: Condition = { kind: 'or', terms: [IS_NEW, expiredBy(now)] }
    try {
      await items.write(table, { kind: 'delete', key: rowKey(KEY, keyItem), keyItem, condition })
    } catch (error) {
      // It was claimed anew.
      if (!(error instanceof DynamoError)) throw error
    }
  }
}

function isReady(leader: MetadataEntry | undefined): boolean {
  return leader !== undefined && (JSON.parse(leader.value) as LeaderRecord).schemaVersion > 0
}

function expiredBy(now: number): Condition {
  return { kind: 'compare', comparator: '<=', left: { path: ['expires'] }, right: { value: { N: String(now) } } }
}

function directoryTable(random: Random, now: number, partitions: number): TableRecord {
  const none = { read: 0, write: 0 }
  return {
    id: random.uuid(),
    // No table can have this name.
    name: NAME,
    status: 'ACTIVE',
    createdAt: now,
    attributeDefinitions: [{ AttributeName: 'token', AttributeType: 'S' }],
    keySchema: [{ AttributeName: 'token', KeyType: 'HASH' }],
    localIndexes: [],
    globalIndexes: [],
    billingMode: 'PAY_PER_REQUEST',
    throughput: none,
    warmThroughput: none,
    deletionProtection: false,
    tags: [],
    partitions: slices(partitions, () => random.uuid()),
    schemaVersion: 1,
  }
}
