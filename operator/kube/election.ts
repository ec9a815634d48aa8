/**
 * Which of several operators works: the holder of a Lease. A holder stops before anybody else may take over, by its own
 * monotonic clock; who waits counts from when it saw the last renewal, so that wrong clocks do no harm.
 */
import type { Clock } from '../../server/base/clock.ts'
import type { Logger } from '../../server/base/logger.ts'
import type { KubeClient } from './client.ts'
import { isConflict } from './errors.ts'
import { LEASES } from './kinds.ts'
import type { Lease } from './objects.ts'

export type ElectionOptions = {
  namespace: string
  name: string
  /** Of this process; no other one's. */
  identity: string
  /** After which one that does not renew is replaced. */
  leaseSeconds?: number
}

export type ElectionPorts = { client: KubeClient; clock: Clock; logger: Logger }

export class Election {
  readonly #ports: ElectionPorts
  readonly #options: Required<ElectionOptions>
  readonly #elected: () => void
  readonly #lost: () => void
  #seen: { version: string; at: number } | undefined
  #heldUntil: number | undefined
  #cancel = () => {}
  #cancelLoss = () => {}
  #stopped = false
  #task: Promise<void> = Promise.resolve()

  /** `lost` is called at most once; an election is not begun anew. */
  constructor(ports: ElectionPorts, options: ElectionOptions, elected: () => void, lost: () => void) {
    this.#ports = ports
    this.#options = { ...options, leaseSeconds: options.leaseSeconds ?? 15 }
    this.#elected = elected
    this.#lost = lost
  }

  start(): void {
    this.#look()
  }

  /** Gives the lease back, so that another one need not wait for its end. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    this.#cancelLoss()
    await this.#task
    if (this.#heldUntil === undefined) return
    this.#heldUntil = undefined
    const { namespace, name } = this.#options
    try {
      const lease = await this.#ports.client.get(LEASES, namespace, name)
      if (lease?.spec?.holderIdentity === this.#options.identity)
        await this.#ports.client.replace(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: '' } })
    } catch (error) {
      this.#ports.logger.debug({ err: error }, 'the lease was not given back')
    }
  }

  #look(): void {
    if (this.#stopped) return
    this.#task = this.#attempt()
      .catch(error => {
        if (!isConflict(error)) this.#ports.logger.warn({ err: error }, 'the lease could not be had')
      })
      .then(() => {
        const third = (this.#options.leaseSeconds * 1000) / 3
        // Those who wait come at different times.
        const rest = this.#heldUntil === undefined ? third * (0.7 + 0.6 * Math.random()) : third
        if (!this.#stopped) this.#cancel = this.#ports.clock.after(rest, () => this.#look())
      })
  }

  async #attempt(): Promise<void> {
    const { client, clock } = this.#ports
    const { namespace, name, identity } = this.#options
    const asked = clock.monotonic()
    const lease = await client.get(LEASES, namespace, name)
    if (!lease) {
      await client.create(LEASES, {
        apiVersion: LEASES.apiVersion,
        kind: LEASES.kind,
        metadata: { namespace, name },
        spec: this.#spec(),
      })
      return this.#held(asked)
    }
    const isOwn = lease.spec?.holderIdentity === identity
    if (!isOwn && !this.#isOver(lease)) return
    if (isOwn && this.#heldUntil === undefined && !this.#isOver(lease)) return
    await client.replace(LEASES, { ...lease, spec: this.#spec(lease) })
    this.#held(asked)
  }

  #isOver({ metadata, spec }: Lease): boolean {
    if (!spec?.holderIdentity) return true
    const now = this.#ports.clock.monotonic()
    const version = metadata.resourceVersion!
    const seen = this.#seen?.version === version ? this.#seen : { version, at: now }
    this.#seen = seen
    return now - seen.at > (spec.leaseDurationSeconds ?? 15) * 1000
  }

  #held(asked: number): void {
    const { clock } = this.#ports
    const isNew = this.#heldUntil === undefined
    this.#heldUntil = asked + this.#options.leaseSeconds * 1000
    this.#cancelLoss()
    if (this.#stopped) return
    // A third earlier than anybody else counts.
    const left = this.#heldUntil - clock.monotonic() - (this.#options.leaseSeconds * 1000) / 3
    this.#cancelLoss = clock.after(Math.max(0, left), () => this.#lose())
    if (isNew) this.#elected()
  }

  #lose(): void {
    if (this.#stopped || this.#heldUntil === undefined) return
    this.#heldUntil = undefined
    this.#stopped = true
    this.#cancel()
    this.#lost()
  }

  #spec(before?: Lease): NonNullable<Lease['spec']> {
    const { identity, leaseSeconds } = this.#options
    const isOwn = before?.spec?.holderIdentity === identity
    const now = microTime(this.#ports.clock.now())
    return {
      holderIdentity: identity,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: (isOwn && before?.spec?.acquireTime) || now,
      renewTime: now,
      leaseTransitions: (before?.spec?.leaseTransitions ?? 0) + (before && !isOwn ? 1 : 0),
    }
  }
}

/** With microseconds, as Leases and Events want it. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/(\.\d{3})Z$/, '$1000Z')
}
