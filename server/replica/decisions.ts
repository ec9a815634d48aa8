/**
 * The end of a home's decisions and tokens. INV-T3: a decision is forgotten when no participant holds its prepare any more,
 * and no commit of it may still come.
 */
import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { DecisionRow } from '../store/rows.ts'
import type { TransactionReader } from '../store/transactions.ts'
import type { Batches } from './batches.ts'
import type { Held, Peers } from './peers.ts'

const SWEEP_MS = 60_000
/** Longer than a commit may be late, clocks that differ included. */
const KEEP_MS = 10 * 60_000
const PAGE = 500
const SETTLE_MS = 20
const FORGOTTEN_MS = 1000

export type DecisionPorts = { store: TransactionReader; batches: Batches; peers: Peers; clock: Clock; logger: Logger }

export class Decisions {
  readonly #ports: DecisionPorts
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(ports: DecisionPorts) {
    this.#ports = ports
  }

  /** There is something that must be forgotten one day. */
  schedule(): void {
    if (this.#cancel || this.#stopped) return
    this.#cancel = this.#ports.clock.after(SWEEP_MS, () => {
      this.#sweep()
        .catch(error => this.#ports.logger.debug({ err: error }, 'forgetting decisions was interrupted'))
        .finally(() => {
          this.#cancel = undefined
          if (!this.#stopped && !this.#ports.store.isEmpty()) this.schedule()
        })
    })
  }

  /** Resolves once no participant of any decision holds its prepare. The caller sees to it that no decision is added. */
  async settled(): Promise<void> {
    const { store, clock } = this.#ports
    for (let after = 0; !this.#stopped; ) {
      const page = store.decisions(after, PAGE)
      if (page.length === 0) return
      if ((await this.#resolved(page)).length === page.length) after = page.at(-1)!.number
      else await sleep(clock, SETTLE_MS)
    }
  }

  /** Resolves once no client token means anything any more, or nobody `asks` for them. The caller sees to it that none is added. */
  async forgotten(asks: () => boolean): Promise<void> {
    const { store, clock } = this.#ports
    while (!this.#stopped && asks() && store.hasTokens(clock.now())) await sleep(clock, FORGOTTEN_MS)
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  async #sweep(): Promise<void> {
    const { store, clock } = this.#ports
    const now = clock.now()
    for (let tokens: string[]; (tokens = store.expiredTokens(now, PAGE)).length > 0; ) {
      if (this.#stopped) return
      await this.#forget(now, [], tokens)
    }
    for (let after = 0; !this.#stopped; ) {
      const page = store.decisions(after, PAGE).filter(({ time }) => time < now - KEEP_MS)
      if (page.length === 0) return
      const resolved = await this.#resolved(page)
      await this.#forget(
        now,
        resolved.map(({ transaction }) => transaction),
        [],
      )
      after = page.at(-1)!.number
    }
  }

  async #forget(time: number, transactions: string[], tokens: string[]): Promise<void> {
    if (transactions.length + tokens.length === 0) return
    const { batches } = this.#ports
    await batches.after(batches.addAll([], [{ kind: 'forget', time, transactions, tokens }]), () => {})
  }

  /** Those of which no participant holds anything. */
  async #resolved<D extends DecisionRow>(decisions: D[]): Promise<D[]> {
    const open = new Set<string>()
    const asked = new Map<string, Held[]>()
    for (const { transaction, participants } of decisions) {
      for (const { partition, ticket } of participants) {
        const held = { transaction, ticket }
        const list = asked.get(partition)
        if (list) list.push(held)
        else asked.set(partition, [held])
      }
    }
    for (const [partition, held] of asked) {
      const holds = await this.#ports.peers.holds(partition, held).catch(() => held.map(() => true))
      for (const [i, { transaction }] of held.entries()) if (holds[i]) open.add(transaction)
    }
    return decisions.filter(({ transaction }) => !open.has(transaction))
  }
}
