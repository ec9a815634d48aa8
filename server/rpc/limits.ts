/** What keeps a process from drowning in another one's questions, or waiting for its answers for ever. */
import { MAX_FRAME } from './frames.ts'

export type Limits = {
  /** Bytes of a frame. */
  frame: number
  /** Calls under way at once on a connection; further ones are throttled. */
  calls: number
  /** Bytes that wait to be sent; with more, calls are throttled. */
  unsent: number
  /** How long a call may take: longer than a write or a read of an item that a transaction holds may wait. */
  callMs: number
  connectMs: number
  /** A side that has said nothing for so long while calls wait is asked whether it is there; */
  quietMs: number
  /** and for so long, it is not. */
  deadMs: number
}

export const LIMITS: Limits = {
  frame: MAX_FRAME,
  calls: 8192,
  unsent: 64 * 1024 * 1024,
  callMs: 10_000,
  connectMs: 2000,
  quietMs: 1000,
  deadMs: 4000,
}
