/** Delivers one batch: repeats, splits and gives up as the trigger's settings say. Records are done with in their order. */
import type { Delivered } from '../event.ts'
import type { GivenUp } from '../failures.ts'

/** What became of one invocation. `answered`: the records before `failedAt` are done with. */
export type Reply =
  | { kind: 'answered'; failedAt: number }
  | { kind: 'failed'; reason: string; status: number }
  | { kind: 'busy'; reason: string }

export type DeliveryPolicy = {
  /** -1: without end. */
  maximumRetries: number
  bisect: boolean
  /** Older records are given up. */
  maximumAgeMs: number
  /** Of the first wait before something is repeated; each is twice as long as the one before, up to the greatest. */
  retryMs: number
  maxRetryMs: number
}

export type DeliveryPorts = {
  /** Errors: it was stopped; then nobody knows. */
  invoke(records: Delivered[]): Promise<Reply>
  /** Records were not delivered, and will not be. Resolves when that is told to whom it may concern. Errors: it was stopped. */
  giveUp(records: Delivered[], why: GivenUp): Promise<void>
  /** This record and all before it are done with. */
  done(record: Delivered): void
  /** Errors: it was stopped. */
  wait(ms: number): Promise<void>
  now(): number
}

/** A part of the batch that is delivered as one. */
type Piece = { records: Delivered[]; attempts: number; invocations: number; last?: { status: number; error?: string } }

/** Resolves when all is done with. Errors: it was stopped. */
export async function deliver(records: Delivered[], policy: DeliveryPolicy, ports: DeliveryPorts): Promise<void> {
  const pieces: Piece[] = [{ records, attempts: 0, invocations: 0 }]
  let waits = 0
  const pause = () => ports.wait(Math.min(policy.retryMs * 2 ** Math.min(waits++, 20), policy.maxRetryMs))
  while (pieces.length > 0) {
    const piece = await withoutOld(pieces.pop()!, policy, ports)
    if (!piece) continue
    const reply = await ports.invoke(piece.records)
    if (reply.kind === 'busy') {
      pieces.push(piece)
      await pause()
      continue
    }
    const rest = restOf(piece, reply, ports)
    if (!rest) {
      waits = 0
      continue
    }
    const isWhole = rest.records.length === piece.records.length
    if (isWhole && policy.bisect && rest.records.length > 1) pieces.push(...halves(piece, rest))
    else if (isSpent(rest, policy)) await giveUp(rest, 'RetryAttemptsExhausted', ports)
    else {
      pieces.push(rest)
      await pause()
    }
  }
}

/** What is to be delivered again after a reply; undefined for nothing. */
function restOf(piece: Piece, reply: Exclude<Reply, { kind: 'busy' }>, { done }: DeliveryPorts): Piece | undefined {
  const { records } = piece
  const invocations = piece.invocations + 1
  if (reply.kind === 'failed') {
    const last = { status: reply.status, error: reply.reason }
    return { records, attempts: piece.attempts + 1, invocations, last }
  }
  const { failedAt } = reply
  if (failedAt > 0) done(records[failedAt - 1]!)
  if (failedAt === records.length) return undefined
  // Those that were done with make another batch of the rest, which has failed once.
  const attempts = failedAt > 0 ? 1 : piece.attempts + 1
  return { records: records.slice(failedAt), attempts, invocations, last: { status: 200 } }
}

/** The second comes first: the last is taken first. Splitting is no attempt. */
function halves({ attempts }: Piece, { records, invocations, last }: Piece): Piece[] {
  const middle = Math.ceil(records.length / 2)
  const half = (part: Delivered[]) => ({ records: part, attempts, invocations, last })
  return [half(records.slice(middle)), half(records.slice(0, middle))]
}

function isSpent({ attempts }: Piece, { maximumRetries }: DeliveryPolicy): boolean {
  return maximumRetries >= 0 && attempts > maximumRetries
}

/** Undefined if nothing is left. */
async function withoutOld(piece: Piece, policy: DeliveryPolicy, ports: DeliveryPorts): Promise<Piece | undefined> {
  const oldest = ports.now() - policy.maximumAgeMs
  const first = piece.records.findIndex(({ time }) => time > oldest)
  if (first === 0) return piece
  const count = first < 0 ? piece.records.length : first
  await giveUp({ ...piece, records: piece.records.slice(0, count) }, 'RecordAgeExceeded', ports)
  return first < 0 ? undefined : { ...piece, records: piece.records.slice(count) }
}

async function giveUp(piece: Piece, condition: GivenUp['condition'], ports: DeliveryPorts): Promise<void> {
  const { records, invocations, last } = piece
  await ports.giveUp(records, { condition, invocations, status: last?.status ?? 0, error: last?.error })
  ports.done(records.at(-1)!)
}
