/**
 * One partition's log in etcd. Whatever waits while a transaction is under way goes into the next one, whole or not at all.
 * A transaction whose answer is lost is sent again: its token tells whether it took effect.
 */
import { randomUUID } from 'node:crypto'
import type { ICompare, IRequestOp, ITxnResponse } from 'etcd3'
import { type EtcdClient, EtcdUnavailable } from '../../etcd/client.ts'
import { type Extent, KnownLog } from '../known.ts'
import { type LoggedEntry, LogUnavailable, type PartitionLog, type Position, PositionConflict } from '../log.ts'
import { type LogKeys, placeOf, positionOf } from './keys.ts'

/** A key that must still be at this revision, or else nothing is appended: that of a partition's leader. */
export type EtcdGuard = { key: string; revision: number }

/** Where the log ends, and its first entry, if there is one. */
type MarkedExtent = Extent & { mark: string }

type Txn = { compare: ICompare[]; success: IRequestOp[]; failure: IRequestOp[] }

type Append = { position: Position; bytes: Uint8Array; resolve: () => void; reject: (error: Error) => void }

/** No append expects it. */
const NOWHERE = -1
const GROUP_BYTES = 4 * 1024 * 1024
const GROUP_ENTRIES = 500
/** How long an append is tried, over failures of members and elections among them. */
const PATIENCE_MS = 15_000
const RETRY_MS = 50
/** A transaction under way as etcd loses its leader is lost with it: it is sent again after so long without an answer. */
const AGAIN_MS = 400
/** So few entries are read without asking for their sizes first. */
const FEW_ENTRIES = 4
const PAGE_ENTRIES = 1000

export class EtcdLog implements PartitionLog {
  readonly depth = 1
  readonly known: KnownLog
  readonly #client: EtcdClient
  readonly #keys: LogKeys
  readonly #partition: string
  readonly #guard: () => EtcdGuard | undefined
  /** The end as this process last saw it. */
  #mark = ''
  /** The same, as it was last heard of: it may be that of a transaction whose answer is not here yet. */
  #heard = ''
  /** Position of the last append, durable or on its way; moved by `refresh` and by appends from here, never by others'. */
  #tail: Position = NOWHERE
  #queue: Append[] = []
  #busy = false
  #draining: Promise<void> | undefined

  constructor(client: EtcdClient, keys: LogKeys, partition: string, guard: () => EtcdGuard | undefined) {
    this.#client = client
    this.#keys = keys
    this.#partition = partition
    this.#guard = guard
    this.known = new KnownLog(async upTo => {
      await client.repeat(member => member.kv.deleteRange(keys.range(partition, 0, upTo + 1)))
    })
  }

  end(): Position {
    return this.known.end
  }

  start(): Position {
    return this.known.first
  }

  append(bytes: Uint8Array, expected: Position): Promise<void> {
    if (this.known.over) return Promise.reject(this.known.over)
    if (expected !== this.#tail) return Promise.reject(this.#conflict(expected))
    this.#tail += 1
    return new Promise((resolve, reject) => {
      this.#queue.push({ position: this.#tail, bytes, resolve, reject })
      if (!this.#busy) this.#draining = this.#drain()
    })
  }

  async read(after: Position, maxBytes: number): Promise<LoggedEntry[]> {
    const first = Math.max(after + 1, this.known.first)
    if (first > this.known.end) return []
    const range = await this.#pageOf(first, maxBytes)
    const { kvs } = await available(this.#client.repeat(member => member.kv.range(range)))
    const found: LoggedEntry[] = []
    for (let bytes = 0, i = 0; i < kvs.length && bytes < maxBytes; i++) {
      const { position, size } = placeOf(kvs[i]!.key)
      found.push({ position, bytes: kvs[i]!.value })
      this.known.appended(position, size)
      bytes += size
    }
    if (found.length === 0) throw new LogUnavailable(`entry ${first} of partition ${this.#partition} is not there`)
    return found
  }

  trim(upTo: Position): void {
    this.known.trim(upTo)
  }

  async refresh(): Promise<void> {
    if (this.known.over) throw this.known.over
    const { mark, end } = await this.known.find(() => this.#ask())
    // What is under way has its place behind what it expects; if that is wrong, etcd says so.
    if (this.#busy) return
    this.#mark = mark
    this.#tail = end
  }

  resume(end: Position): boolean {
    if (this.known.over || this.#busy || this.known.end !== end || positionOf(this.#heard) !== end) return false
    this.#mark = this.#heard
    this.#tail = end
    return true
  }

  async wait(after: Position, signal?: AbortSignal): Promise<void> {
    await this.known.waiters.wait(after, this.known.end, signal)
  }

  /** Resolves when what is under way has succeeded or failed. */
  async close(reason: string): Promise<void> {
    this.known.finish(reason)
    await this.#draining
  }

  /** Somebody appended, be it this process: the log reaches to `mark`. */
  heard(mark: string): void {
    this.#heard = mark
    this.known.reaches(positionOf(mark))
  }

  /** Both as of one moment. Errors: LogUnavailable. */
  async #ask(): Promise<MarkedExtent> {
    const first = { ...this.#keys.range(this.#partition, 0), limit: 1, keys_only: true }
    const last = { key: this.#keys.end(this.#partition) }
    const request = { compare: [], success: [{ request_range: last }, { request_range: first }], failure: [] }
    const { responses } = await available(this.#client.repeat(member => member.kv.txn(request)))
    const mark = responses[0]!.response_range.kvs[0]?.value.toString()
    if (mark === undefined) throw new LogUnavailable(`partition ${this.#partition} has no log`)
    const entry = responses[1]!.response_range.kvs[0]
    const end = positionOf(mark)
    return { mark, first: entry ? placeOf(entry.key).position : end + 1, end }
  }

  async #drain(): Promise<void> {
    this.#busy = true
    while (this.#queue.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#commit(group)
        for (const { position, bytes, resolve } of group) {
          this.known.appended(position, bytes.length)
          resolve()
        }
      } catch (error) {
        // All that waits expected to come behind it. What comes must expect what `refresh` finds.
        this.#tail = NOWHERE
        for (const { reject } of [...group, ...this.#queue.splice(0)]) reject(error as Error)
      }
    }
    this.#busy = false
  }

  #takeGroup(): Append[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && count < GROUP_ENTRIES && (count === 0 || bytes < GROUP_BYTES))
      bytes += this.#queue[count++]!.bytes.length
    return this.#queue.splice(0, count)
  }

  async #commit(group: Append[]): Promise<void> {
    const mark = `${group.at(-1)!.position} ${randomUUID()}`
    const end = performance.now() + PATIENCE_MS
    while (true) {
      try {
        const answer = await this.#sent(this.#requestOf(group, mark))
        if (!answer.succeeded && endOf(answer) !== mark) throw this.#conflict(group[0]!.position - 1)
        this.#mark = mark
        return
      } catch (error) {
        if (error instanceof PositionConflict) throw error
        const isFinal = !(error instanceof EtcdUnavailable) || this.known.over || performance.now() > end
        if (isFinal) throw new LogUnavailable(`partition ${this.#partition}: ${(error as Error).message}`)
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  /** Sends it, and again for as long as nothing is heard: it can take effect once only, and any answer says whether it has. */
  #sent(request: Txn): Promise<ITxnResponse> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout
      const send = () =>
        this.#client
          .once(member => member.kv.txn(request))
          .then(resolve, reject)
          .finally(() => clearTimeout(timer))
      // Less and less often: etcd may be slow, and there.
      const sendAfter = (ms: number) => {
        timer = setTimeout(() => {
          sendAfter(2 * ms)
          void send()
        }, ms)
      }
      sendAfter(AGAIN_MS)
      void send()
    })
  }

  #requestOf(group: Append[], mark: string): Txn {
    const key = this.#keys.end(this.#partition)
    const compare: ICompare[] = [{ key, target: 'Value', result: 'Equal', value: Buffer.from(this.#mark) }]
    const guard = this.#guard()
    if (guard)
      compare.push({ key: Buffer.from(guard.key), target: 'Mod', result: 'Equal', mod_revision: guard.revision })
    const puts = group.map(({ position, bytes }) => {
      const key = this.#keys.entry(this.#partition, position, bytes.length)
      return { request_put: { key, value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) } }
    })
    return {
      compare,
      success: [...puts, { request_put: { key, value: Buffer.from(mark) } }],
      failure: [{ request_range: { key } }],
    }
  }

  /** The keys of about `maxBytes` of entries. */
  async #pageOf(first: Position, maxBytes: number): Promise<{ key: Buffer; range_end: Buffer }> {
    if (this.known.end - first < FEW_ENTRIES) return this.#keys.range(this.#partition, first)
    const range = { ...this.#keys.range(this.#partition, first), keys_only: true, limit: PAGE_ENTRIES }
    const { kvs } = await available(this.#client.repeat(member => member.kv.range(range)))
    let last = first
    for (let bytes = 0, i = 0; i < kvs.length && bytes < maxBytes; i++) {
      const { position, size } = placeOf(kvs[i]!.key)
      last = position
      bytes += size
    }
    return this.#keys.range(this.#partition, first, last + 1)
  }

  #conflict(expected: Position): PositionConflict {
    return new PositionConflict(
      `partition ${this.#partition}: expected ${expected}, the log does not end there, or the leader is another one`,
    )
  }
}

/** The end's mark, as a transaction that was refused tells it. */
function endOf({ responses }: ITxnResponse): string | undefined {
  return responses[0]?.response_range.kvs[0]?.value.toString()
}

async function available<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof EtcdUnavailable ? new LogUnavailable(error.message) : error
  }
}
