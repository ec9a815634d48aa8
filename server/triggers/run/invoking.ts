/** A lane's invocations: within the trigger's limits, counted, and with what the answer means. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Caller } from '../call/caller.ts'
import type { TriggerCounters } from '../counters.ts'
import { type Delivered, eventText, verdictOf, type WindowPart } from '../event.ts'
import { failureText, type GivenUp } from '../failures.ts'
import type { TriggerSettings } from '../records.ts'
import type { Target } from '../targets.ts'
import type { Reply } from './delivery.ts'
import type { Limiter } from './limiter.ts'
import type { Stopping } from './stopping.ts'

export type InvokingPorts = {
  caller: Caller
  limiter: Limiter
  counters: TriggerCounters
  stopping: Stopping
  clock: Clock
  logger: Logger
  uuid(): string
  /** What became of the last invocation. */
  result(text: string): void
}

export type InvokingTrigger = {
  target: Target
  onFailure: Target | undefined
  functionArn: string
  streamArn: string
  shard: string
  settings: TriggerSettings
}

/** What a window's function has returned. */
export type StateReply = Reply & { state?: string; isStateTooLarge?: boolean }

const TIMEOUT_SECONDS = 60
const RETRY_MS = 500
const MAX_RETRY_MS = 10_000

export class Invoking {
  readonly #trigger: InvokingTrigger
  readonly #ports: InvokingPorts

  constructor(trigger: InvokingTrigger, ports: InvokingPorts) {
    this.#trigger = trigger
    this.#ports = ports
  }

  /** Errors: Stopped; then nobody knows. */
  async invoke(records: Delivered[], window?: WindowPart): Promise<StateReply> {
    const { stopping, limiter, counters, result } = this.#ports
    stopping.check()
    const leave = await limiter.enter(ms => stopping.wait(ms))
    try {
      counters.invocations += 1
      const reply = await this.#call(records, window)
      if (reply.kind === 'failed') counters.errors += 1
      result(reply.kind === 'answered' ? 'OK' : `PROBLEM: ${reply.reason}`)
      return reply
    } finally {
      leave()
    }
  }

  async #call(records: Delivered[], window: WindowPart | undefined): Promise<StateReply> {
    const { target, streamArn: source, shard: subject, settings } = this.#trigger
    const { caller, stopping, counters } = this.#ports
    const timeoutMs = (settings.limits.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000
    const place = records[0] ? `${records[0].number}-${records.at(-1)!.number}` : `window-${window!.start}`
    const { signing } = settings
    const request = { target, source, subject, timeoutMs, signing, signal: stopping.signal, id: `${subject}:${place}` }
    // One request can only be a part of one trace: that of the first change that has one.
    const traceparent = records.find(({ trace }) => trace !== undefined)?.trace
    const outcome = await caller.invoke({ ...request, traceparent, body: eventText(records, window) })
    if (stopping.signal.aborted) stopping.check()
    if (outcome.kind === 'busy') {
      if (outcome.isThrottled) counters.throttles += 1
      return { kind: 'busy', reason: outcome.reason }
    }
    if (outcome.kind === 'failed')
      return { kind: 'failed', reason: `Function call failed: ${outcome.reason}`, status: outcome.status }
    const wants = { failures: settings.reportsFailures, state: window !== undefined }
    const verdict = verdictOf(outcome.body, records, wants)
    if ('problem' in verdict) return { kind: 'failed', reason: verdict.problem, status: outcome.status }
    return { kind: 'answered', ...verdict }
  }

  /** Tells the on-failure destination, until it has taken it. Errors: Stopped. */
  async giveUp(records: Delivered[], givenUp: GivenUp): Promise<void> {
    const { onFailure: target, streamArn, shard, functionArn, settings } = this.#trigger
    const { caller, stopping, counters, clock, logger, uuid } = this.#ports
    const requestId = uuid()
    const text = failureText(records, givenUp, { functionArn, streamArn, shard, requestId, now: clock.now() })
    const { signing } = settings
    const shared = { source: streamArn, subject: shard, id: requestId, timeoutMs: TIMEOUT_SECONDS * 1000, signing }
    for (let retryMs = RETRY_MS; target; retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)) {
      stopping.check()
      const outcome = await caller.invoke({ ...shared, target, body: text, signal: stopping.signal })
      if (outcome.kind === 'answered') break
      logger.warn({ functionArn, shard, reason: outcome.reason }, 'an on-failure destination did not take a message')
      await stopping.wait(retryMs)
    }
    counters.deadLetters += records.length
    logger.warn({ functionArn, shard, records: records.length, condition: givenUp.condition }, 'records were given up')
  }
}
