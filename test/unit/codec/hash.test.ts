import test from 'ava'
import { hashKey } from '../../../server/codec/hash.ts'

/** The values published for MurmurHash3 (x86, 32 bits), seed 0. */
const PINNED: [text: string, hash: number][] = [
  ['', 0],
  ['test', 0xba6bd213],
  ['hello', 0x248bfa47],
  ['hello, world', 0x149bbb7f],
  ['Hello, world!', 0xc0363e43],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
]

for (const [text, hash] of PINNED) {
  test(`the hash of ${JSON.stringify(text)} never changes`, t => {
    t.is(hashKey(Buffer.from(text)), hash)
    const inside = Buffer.from(`<<<${text}>`)
    t.is(hashKey(inside, 3, inside.length - 1), hash)
  })
}

test('0xFFFFFFFF is never given', t => {
  // Found by search: MurmurHash3 proper gives 0xFFFFFFFF.
  t.is(hashKey(Buffer.from(preimage())), 0xfffffffe)
})

/** Four bytes whose MurmurHash3 is 0xFFFFFFFF: the function run backwards. */
function preimage(): number[] {
  let hash = unshift(0xffffffff, 16)
  hash = unshift(Math.imul(hash, inverse(0xc2b2ae35)), 13)
  hash = unshift(Math.imul(hash, inverse(0x85ebca6b)), 16) ^ 4
  hash = Math.imul(hash - 0xe6546b64, inverse(5))
  hash = (hash >>> 13) | (hash << 19)
  const product = Math.imul(hash, inverse(0x1b873593))
  const word = Math.imul((product >>> 15) | (product << 17), inverse(0xcc9e2d51))
  return [0, 8, 16, 24].map(shift => (word >>> shift) & 0xff)
}

/** Undoes x ^ (x >>> shift). */
function unshift(mixed: number, shift: number): number {
  let x = mixed
  for (let i = 0; i < 32; i += shift) x = mixed ^ (x >>> shift)
  return x >>> 0
}

/** Multiplicative inverse of an odd number modulo 2^32. */
function inverse(odd: number): number {
  let x = 1
  for (let i = 0; i < 32; i++) x = Math.imul(x, 2 - Math.imul(odd, x))
  return x
}

test('similar keys spread evenly', t => {
  const counts = new Array<number>(64).fill(0)
  for (let i = 0; i < 64_000; i++) counts[Math.floor(hashKey(Buffer.from(`user#${i}`)) / 2 ** 26)]! += 1
  t.true(Math.min(...counts) > 800 && Math.max(...counts) < 1200)
})
