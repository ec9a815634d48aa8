/** Clients that all want the same few items: requests at a steady rate, keys by Zipf's law. Half read, half write. */
import { Connection, encodeRequest, Refusal } from '../client.ts'

export type Crowd = {
  /** From now on the hot keys are those of this place, and so many requests a second come. */
  go(place: number, rate: number): void
  /** What was answered since the last call. Latencies in milliseconds, from when each request was due, sorted. */
  take(): { latencies: number[]; failed: Record<string, number> }
  stop(): Promise<void>
}

const CONNECTIONS = 32
const TICK_MS = 5
const BYTES = 400

/** `skew`: the exponent; 0 for no favourites. */
export async function crowd(options: { port: number; table: string; keys: number; skew: number }): Promise<Crowd> {
  const { port, table, keys } = options
  const idle = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(port)))
  const rank = ranks(keys, options.skew)
  const waiting: number[] = []
  let [latencies, failed]: [number[], Record<string, number>] = [[], {}]
  let current = { place: 0, rate: 0 }
  let owed = 0

  const request = () => {
    // Another place is another order of the same keys.
    const pk = { S: `key-${(rank() + current.place * 1_000_003) % keys}-${current.place}` }
    return Math.random() < 0.5
      ? encodeRequest(port, 'GetItem', { TableName: table, Key: { pk }, ConsistentRead: true })
      : encodeRequest(port, 'PutItem', { TableName: table, Item: { pk, note: { S: 'x'.repeat(BYTES) } } })
  }
  const serve = async (connection: Connection, first: number) => {
    for (let due: number | undefined = first; due !== undefined; due = waiting.shift())
      await connection.send(request()).then(
        () => latencies.push(performance.now() - due!),
        error => {
          if (!(error instanceof Refusal)) throw error
          failed[error.code] = (failed[error.code] ?? 0) + 1
        },
      )
    idle.push(connection)
  }
  let before = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    owed += ((now - before) * current.rate) / 1000
    before = now
    for (; owed >= 1; owed--) {
      // In turn: one that is never used would be closed.
      const connection = idle.shift()
      if (connection) void serve(connection, now)
      else waiting.push(now)
    }
  }, TICK_MS)

  return {
    go(place, rate) {
      current = { place, rate }
    },
    take() {
      const taken = { latencies: latencies.sort((a, b) => a - b), failed }
      latencies = []
      failed = {}
      return taken
    },
    async stop() {
      clearInterval(timer)
      while (idle.length < CONNECTIONS) await new Promise(resolve => setTimeout(resolve, TICK_MS))
      for (const connection of idle) connection.close()
    },
  }
}

/** Draws from 0 to `count` - 1, n with a weight of 1 / (n + 1) ** skew. */
function ranks(count: number, skew: number): () => number {
  let sum = 0
  const sums = Float64Array.from({ length: count }, (_, n) => (sum += (n + 1) ** -skew))
  return () => {
    const wanted = Math.random() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
