/** What an entry says of transactions, beside its effects on rows. */
import type { DecisionRow, Image, LockRow, PreparedRow, TokenRow } from '../store/rows.ts'
import type { StoreWriter } from '../store/writer.ts'

export type Step =
  /** The items are held, for what the home will decide. */
  | ({ kind: 'prepare' } & PreparedRow)
  /** They are free again; if the transaction was committed, then at this time, its effects are in this entry. */
  | { kind: 'resolve'; transaction: string; committed?: number }
  /** At the home: the transaction is decided; if it is committed, the home's effects are in this entry, whose time it has. */
  | ({ kind: 'decide' } & DecisionRow)
  /** At the home: a token's transaction is committed by this entry. */
  | ({ kind: 'token' } & TokenRow)
  /** Nobody needs these any more: decisions, and tokens that had expired at `time`. */
  | { kind: 'forget'; time: number; transactions: string[]; tokens: string[] }

export function applyStep(writer: StoreWriter, step: Step): void {
  const { transactions } = writer
  switch (step.kind) {
    case 'prepare':
      transactions.prepare(step)
      break
    case 'resolve':
      transactions.release(step.transaction)
      break
    case 'decide':
      transactions.decide(step)
      break
    case 'token':
      transactions.saveToken(step)
      break
    case 'forget':
      for (const transaction of step.transactions) transactions.forgetDecision(transaction)
      for (const token of step.tokens) transactions.forgetToken(token, step.time)
  }
}

/** About how many bytes a step takes in an entry. */
export function stepBytes(step: Step): number {
  if (step.kind !== 'prepare') return 200
  return step.locks.reduce((sum, { key, image }) => sum + key.length + (image?.json.length ?? 0) + 100, 100)
}

export type PackedStep = [Step['kind'], ...unknown[]]
type PackedLock = [Uint8Array, boolean, string | null, number]

export function encodeStep(step: Step): PackedStep {
  switch (step.kind) {
    case 'prepare':
      return [step.kind, step.transaction, step.ticket, step.home, step.locks.map(encodeLock)]
    case 'resolve':
      return step.committed === undefined
        ? [step.kind, step.transaction]
        : [step.kind, step.transaction, step.committed]
    case 'decide': {
      const participants = step.participants.map(({ partition, ticket }) => [partition, ticket])
      return [step.kind, step.transaction, step.outcome, step.time, participants]
    }
    case 'token':
      return [step.kind, step.token, step.request, step.expires, step.units]
    case 'forget':
      return [step.kind, step.time, step.transactions, step.tokens]
  }
}

export function decodeStep([kind, ...body]: PackedStep): Step {
  switch (kind) {
    case 'prepare': {
      const [transaction, ticket, home, locks] = body as [string, string, string, PackedLock[]]
      return { kind, transaction, ticket, home, locks: locks.map(decodeLock) }
    }
    case 'resolve': {
      const [transaction, committed] = body as [string, number?]
      return committed === undefined ? { kind, transaction } : { kind, transaction, committed }
    }
    case 'decide': {
      const [transaction, outcome, time, participants] = body as [
        string,
        DecisionRow['outcome'],
        number,
        [string, string][],
      ]
      const named = participants.map(([partition, ticket]) => ({ partition, ticket }))
      return { kind, transaction, outcome, time, participants: named }
    }
    case 'token': {
      const [token, request, expires, units] = body as [string, string, number, number[]]
      return { kind, token, request, expires, units }
    }
    case 'forget': {
      const [time, transactions, tokens] = body as [number, string[], string[]]
      return { kind, time, transactions, tokens }
    }
  }
}

function encodeLock({ key, changes, image }: LockRow): PackedLock {
  return [key, changes, image?.json ?? null, image?.size ?? -1]
}

function decodeLock([key, changes, json, size]: PackedLock): LockRow {
  const image: Image | undefined = json === null ? undefined : { json, size }
  return { key, changes, image }
}
