/**
 * What passes between a transaction's coordinator and the leaders of its partitions: plain data, any of which may be lost,
 * repeated or late.
 *
 * Two-phase commit with the last agent deciding. The first action's partition is the transaction's home; the others prepare:
 * they hold the items and keep the images. Then the home commits, in one entry: its own effects and the decision.
 *
 * INV-T1  A transaction is committed if and only if its home's log holds its commit.
 * INV-T2  An item that a prepared transaction holds changes by its resolution alone.
 * INV-T3  A decision is forgotten only when no participant may hold a prepare, and no commit may still be on its way.
 * INV-T4  A client token's transaction is applied once.
 */
import type { Item } from '../model/item.ts'
import type { Image, Participant } from '../store/rows.ts'
import type { CheckCommand, WriteCommand, WriteOutcome } from './command.ts'

export type { Ending, Participant } from '../store/rows.ts'

export type Action = WriteCommand | CheckCommand

/** Why an action can't be done, as its cancellation reason says it. */
export type Refusal = {
  code: 'ConditionalCheckFailed' | 'TransactionConflict' | 'ValidationError'
  message: string
  item?: Item
}

/** What one action comes to. `size`: bytes of the item after it. */
export type Verdict = { outcome: WriteOutcome; size: number } | { refusal: Refusal }

/** `transaction`: a UUID. */
export type PrepareRequest = { transaction: string; home: string; actions: Action[] }

/** The verdicts of all actions; the ticket if none is a refusal: then their items are held. */
export type Vote = { verdicts: Verdict[]; ticket?: string }

/** A client token, and the hash of the request that it came with. */
export type Token = { token: string; request: string }

export type CheckRequest = { transaction: string; actions: Action[]; token: Token | undefined }

/** What a home knows of a token. `replayed`: it was committed; `units` in read units by action. */
export type TokenState = { kind: 'running' } | { kind: 'mismatch' } | { kind: 'replayed'; units: number[] }

export type CheckAnswer = { kind: 'checked'; verdicts: Verdict[] } | TokenState

export type CommitRequest = {
  transaction: string
  /** When the coordinator began, epoch milliseconds: a commit that comes too late is refused. */
  began: number
  /** The home's own. */
  actions: Action[]
  participants: Participant[]
  token: TokenPart | undefined
}

/** `units`: read units of all actions of the request; the home fills in its own, which are at `places`. */
export type TokenPart = Token & { units: number[]; places: number[] }

export type CommitAnswer =
  /** Without outcomes if it was committed by an earlier call. `time`: see `Ending`; of one with participants. */
  | { kind: 'committed'; outcomes: WriteOutcome[] | undefined; time?: number }
  | { kind: 'refused'; verdicts: Verdict[] }
  /** Somebody asked before the commit came, and was told that it would not. */
  | { kind: 'aborted' }
  | TokenState

/** The images, or the places of the keys that are held just now. `watch` names the read for `changed`. */
export type ReadAnswer = { images: (Image | undefined)[]; watch: string | undefined } | { held: number[] }
