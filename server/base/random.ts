/** Randomness as a port, so that a seed can replay it. */
import { randomUUID } from 'node:crypto'

export interface Random {
  /** A version 4 UUID. */
  uuid(): string
}

export const systemRandom: Random = { uuid: () => randomUUID() }
