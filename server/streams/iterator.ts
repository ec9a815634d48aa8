/**
 * A place in a shard, as clients carry it: the stream's ARN, and what only servers look into. It gives no access that the ARN
 * does not give, and so it is not signed.
 */

export type ShardIterator = {
  /** The stream's. */
  arn: string
  shard: string
  /** Undefined for the oldest change there is. */
  from: bigint | undefined
  /** Epoch milliseconds. */
  issued: number
}

/** As DynamoDB's. */
export const ITERATOR_LIFE_MS = 15 * 60_000

const VERSION = '1'
const NUMBER = /^\d{1,19}$/
/** All sequence numbers are less. */
const END = 2n ** 63n

export function iteratorText({ arn, shard, from, issued }: ShardIterator): string {
  const inside = JSON.stringify([shard, from === undefined ? null : String(from), issued])
  return `${arn}|${VERSION}|${Buffer.from(inside).toString('base64')}`
}

/** Undefined for a text that is no iterator. */
export function parseIterator(text: string): ShardIterator | undefined {
  const [arn = '', version, inside, ...more] = text.split('|')
  if (version !== VERSION || inside === undefined || more.length > 0) return undefined
  const fields = parsed(Buffer.from(inside, 'base64').toString())
  if (!Array.isArray(fields) || fields.length !== 3) return undefined
  const [shard, from, issued] = fields as unknown[]
  const isPlace = from === null || (typeof from === 'string' && NUMBER.test(from) && BigInt(from) < END)
  if (typeof shard !== 'string' || !isPlace || !Number.isSafeInteger(issued)) return undefined
  return { arn, shard, from: from === null ? undefined : BigInt(from as string), issued: issued as number }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
