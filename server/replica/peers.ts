/** The other partitions of a transaction, wherever they are led. */
import type { Token, TokenState } from '../partition/transaction.ts'
import type { Ending, Participant } from '../store/rows.ts'

/** A transaction, and the ticket of its prepare at some partition. */
export type Held = { transaction: string; ticket: string }

export interface Peers {
  /**
   * What became of a transaction, as its home says; once the home has said `aborted` it stays so. A home that is gone for
   * good has committed nothing that `participant` may still hold. Errors: any, while the home can't be reached.
   */
  outcome(home: string, transaction: string, participant: Participant): Promise<Ending | 'running'>
  /** Which of these the partition still holds; none if it is gone for good. Errors: any, while it can't be reached. */
  holds(partition: string, prepares: Held[]): Promise<boolean[]>
  /** What a home, which others may have taken over from, knows of a client token; undefined for nothing, or if it is gone for good. Errors: as `outcome`. */
  token(home: string, token: Token): Promise<TokenState | undefined>
}
