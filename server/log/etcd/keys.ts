/**
 * Where a log lies in etcd, and how its end is told:
 *
 * ```
 * <prefix>entry/<partition>/<position, 12 hex digits>.<size>    an entry; its size is in the key, so that pages can be cut unread
 * <prefix>end/<partition>                                       "<position> <token>", changed with every append
 * ```
 * The token is another one in each transaction: so an append names not only the position, but the very transaction that it
 * follows, and one whose answer was lost can be recognised.
 */
import type { Position } from '../log.ts'

export class LogKeys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** All ends begin with it. */
  get ends(): string {
    return `${this.#prefix}end/`
  }

  end(partition: string): Buffer {
    return Buffer.from(this.ends + partition)
  }

  /** The partition of an end's key. */
  partitionOf(endKey: string): string {
    return endKey.slice(this.ends.length)
  }

  entry(partition: string, position: Position, size: number): Buffer {
    return Buffer.from(`${this.#entries(partition, position)}.${size}`)
  }

  /** Keys of the entries from `first` to before `end`; to the last one without it. */
  range(partition: string, first: Position, end?: Position): { key: Buffer; range_end: Buffer } {
    const last = end === undefined ? `${this.#prefix}entry/${partition}0` : this.#entries(partition, end)
    return { key: Buffer.from(this.#entries(partition, first)), range_end: Buffer.from(last) }
  }

  #entries(partition: string, position: Position): string {
    return `${this.#prefix}entry/${partition}/${position.toString(16).padStart(12, '0')}`
  }
}

export function placeOf(entryKey: Buffer): { position: Position; size: number } {
  const [hex, size] = entryKey.toString().split('/').at(-1)!.split('.')
  return { position: Number.parseInt(hex!, 16), size: Number(size) }
}

/** The position that a value of an end's key tells. */
export function positionOf(mark: string): Position {
  return Number.parseInt(mark, 10)
}
