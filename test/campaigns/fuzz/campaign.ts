/** One campaign against a running server: sends what a seed says over several connections, and judges every answer. */
import { openConnection } from './connection.ts'
import { judge } from './verdict.ts'
import { type Sent, sentOf } from './wire.ts'

export type CampaignOptions = {
  endpoint: string
  seed: number
  /** Number of the first request. */
  first: number
  requests: number
  /** Milliseconds in which each must be answered. */
  patience: number
  /** Called after every so many requests, while others are under way. */
  every: { requests: number; call(sent: number): Promise<void> }
}

export type Tally = {
  mutated: number
  /** Of valid and mutated requests together, how often each was granted; by operation. */
  granted: Map<string, number>
  /** How often each code was the answer. */
  answers: Map<string, number>
  /** Milliseconds. */
  slowest: { ms: number; number: number }
}

/** A request that was not answered as it should be; the message has all that it takes to send it again. */
export class FuzzFailure extends Error {
  constructor(seed: number, number: number, { kind, bytes }: Sent, underWay: number[], cause: unknown) {
    super(
      `seed ${seed}, request ${number}: ${(cause as Error).message}\n\n` +
        `Under way: ${underWay.join()}. The request (${kind}), as JSON text of latin1:\n` +
        JSON.stringify(bytes.toString('latin1')),
      { cause },
    )
  }
}

const CONNECTIONS = 12

export function newTally(): Tally {
  return { mutated: 0, granted: new Map(), answers: new Map(), slowest: { ms: 0, number: 0 } }
}

/** Adds to the tally. Errors: FuzzFailure, the first one. */
export async function runCampaign(options: CampaignOptions, tally: Tally): Promise<void> {
  const { seed, first, requests, patience } = options
  const { hostname, port } = new URL(options.endpoint)
  const underWay = new Set<number>()
  let next = first
  let failure: FuzzFailure | undefined

  const work = async () => {
    const connection = openConnection(hostname, Number(port))
    while (next < first + requests && failure === undefined) {
      const number = next++
      const sent = sentOf(seed, number)
      underWay.add(number)
      const start = performance.now()
      try {
        const replies = await connection.exchange(sent, patience)
        record(tally, number, performance.now() - start)
        if (sent.mutated) tally.mutated++
        for (const [i, reply] of replies.entries()) count(tally, sent, i, judge(reply, sent.kind, sent.expected[i]))
      } catch (error) {
        failure ??= new FuzzFailure(seed, number, sent, [...underWay], error)
      }
      underWay.delete(number)
      if ((number - first + 1) % options.every.requests === 0) await options.every.call(number - first + 1)
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  if (failure !== undefined) throw failure
}

function record({ slowest }: Tally, number: number, ms: number): void {
  if (ms > slowest.ms) Object.assign(slowest, { ms, number })
}

function count({ granted, answers }: Tally, sent: Sent, position: number, answer: string): void {
  answers.set(answer, (answers.get(answer) ?? 0) + 1)
  const operation = sent.expected[position]?.operation
  if (answer === '200' && operation !== undefined) granted.set(operation, (granted.get(operation) ?? 0) + 1)
}
