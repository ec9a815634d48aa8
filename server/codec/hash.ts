/** The hash that spreads items over partitions. Stored keys begin with it: it never changes. */

/**
 * MurmurHash3 (x86, 32 bits, seed 0; Austin Appleby, public domain) of `bytes` from `start` to `end`,
 * but never 0xFFFFFFFF, so that these four bytes lie above every key.
 * @returns 0 .. 2^32 - 2
 */
export function hashKey(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const tail = end - ((end - start) & 3)
  let hash = 0
  for (let i = start; i < tail; i += 4) {
    hash ^= scramble(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let i = end - 1; i >= tail; i--) rest = (rest << 8) | bytes[i]!
  hash ^= scramble(rest)
  return Math.min(finish(hash ^ (end - start)), 0xfffffffe)
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
