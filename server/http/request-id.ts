/** Request ids: 52 upper-case letters and digits. */
import { randomFillSync } from 'node:crypto'

const LENGTH = 52
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')

/** Random bytes are fetched for many ids at once. */
const pool = Buffer.alloc(LENGTH * 128)
let used = pool.length

/** Unique for all practical purposes; not a secret. */
export function newRequestId(): string {
  if (used === pool.length) refill()
  const id = pool.toString('latin1', used, used + LENGTH)
  used += LENGTH
  return id
}

function refill(): void {
  randomFillSync(pool)
  for (let i = 0; i < pool.length; i++) pool[i] = ALPHABET[pool[i]! & 31]!
  used = 0
}
