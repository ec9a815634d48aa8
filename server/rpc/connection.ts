/** A connection, as the process sees it that asks: many calls at once, answered in any order. */
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Tracer } from '../base/tracer.ts'
import { Interrupted, NotLeading } from '../replica/pipeline.ts'
import { overloaded } from '../replica/writes.ts'
import { RemoteError, readError } from './errors.ts'
import { BrokenFrame, BYE, CALL, ERROR, FrameReader, FrameSplitter, PING, PONG, RESULT } from './frames.ts'
import type { Limits } from './limits.ts'
import type { Method } from './method.ts'
import { Outbox } from './outbox.ts'

/** How often it is looked whether something has taken too long. */
const SWEEP_MS = 250
const NUMBERS = 2 ** 32

export type ConnectionPorts = { limits: Limits; clock: Clock; tracer: Tracer }

type Call = {
  // What it gives is known to the method alone.
  method: Method<unknown, unknown>
  until: number
  resolve(result: unknown): void
  reject(error: Error): void
}

export class Connection {
  readonly #ports: ConnectionPorts
  readonly #address: string
  readonly #outbox: Outbox
  readonly #splitter: FrameSplitter
  /** Oldest first. */
  readonly #calls = new Map<number, Call>()
  #socket: Socket | undefined
  #next = 1
  /** When the other side last said something, or was first waited for. */
  #heard = 0
  #sweeping = false
  /** The last sweep came late, and let all pass. */
  #excused = false
  /** The other side is closing. */
  #leaving = false
  #closed = false

  /** What is asked before `open` waits for it. */
  constructor(ports: ConnectionPorts, address: string) {
    this.#ports = ports
    this.#address = address
    this.#outbox = new Outbox(ports.clock, ports.limits.frame)
    this.#splitter = new FrameSplitter(ports.limits.frame)
  }

  /** Nothing can be asked here any more; calls may be under way. */
  get closed(): boolean {
    return this.#closed || this.#leaving
  }

  /** Calls that have no answer yet. */
  get calls(): number {
    return this.#calls.size
  }

  /** Milliseconds since the other side last said something, while calls wait for it. */
  get silence(): number {
    return this.#calls.size === 0 ? 0 : this.#ports.clock.monotonic() - this.#heard
  }

  /** `head`: what has arrived already. */
  open(socket: Socket, head: Buffer): void {
    if (this.#closed) return void socket.destroy()
    this.#socket = socket
    this.#heard = this.#ports.clock.monotonic()
    socket.on('data', chunk => this.#receive(chunk))
    socket.once('error', error => this.close(error.message))
    socket.once('close', () => this.close('the connection was closed'))
    this.#outbox.open(socket)
    if (head.length > 0) this.#receive(head)
  }

  /**
   * Errors: what the other side answers; ThrottlingException; NotLeading if the other side has not been asked, or may be asked
   * again; Interrupted if it may have done it.
   */
  ask<A, R>(method: Method<A, R>, partition: string, question: A): Promise<R> {
    const { limits, clock } = this.#ports
    if (this.closed) return Promise.reject(new NotLeading(`there is no connection to ${this.#address}`))
    if (this.#calls.size >= limits.calls || this.#outbox.waiting > limits.unsent) return Promise.reject(overloaded())
    const number = this.#number()
    try {
      this.#write(number, method, partition, question)
    } catch (error) {
      return Promise.reject(error)
    }
    const now = clock.monotonic()
    if (this.#calls.size === 0) this.#heard = now
    const answer = new Promise<R>((resolve, reject) => {
      const call = { method, until: now + limits.callMs, resolve, reject } as unknown as Call
      this.#calls.set(number, call)
    })
    this.#sweep()
    return answer
  }

  /** Calls under way fail. */
  close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket?.destroy()
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const { method, reject } of calls) reject(this.#lost(method, reason))
  }

  #number(): number {
    do this.#next = (this.#next + 1) % NUMBERS
    while (this.#calls.has(this.#next))
    return this.#next
  }

  #write<A, R>(number: number, method: Method<A, R>, partition: string, question: A): void {
    const { frames } = this.#outbox
    frames.begin(number, CALL)
    try {
      frames.text(method.name)
      frames.text(partition)
      frames.text(this.#ports.tracer.current()?.parent() ?? '')
      method.ask.write(frames, question)
      frames.finish()
    } catch (error) {
      frames.drop()
      throw error
    }
    this.#outbox.schedule()
  }

  #receive(chunk: Buffer): void {
    this.#heard = this.#ports.clock.monotonic()
    try {
      this.#splitter.push(chunk, frame => this.#frame(new FrameReader(frame)))
    } catch (error) {
      this.close(`what came from ${this.#address} does not make sense: ${(error as Error).message}`)
    }
  }

  #frame(fields: FrameReader): void {
    const number = fields.u32()
    const kind = fields.u8()
    if (kind === PONG) return
    if (kind === BYE) {
      this.#leaving = true
      this.#closeIfDone()
      return
    }
    if (kind !== RESULT && kind !== ERROR) throw new BrokenFrame(`a frame of kind ${kind}`)
    const call = this.#calls.get(number)
    // It has taken too long.
    if (!call) return
    this.#calls.delete(number)
    try {
      if (kind === RESULT) call.resolve(call.method.answer.read(fields))
      else call.reject(readError(fields))
    } catch (error) {
      call.reject(new RemoteError(`an answer to ${call.method.name} can't be read: ${(error as Error).message}`))
    }
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#leaving && this.#calls.size === 0) this.close('the other side is closing')
  }

  /** Looks, while calls wait, whether something has taken too long. */
  #sweep(): void {
    if (this.#sweeping) return
    this.#sweeping = true
    const { clock } = this.#ports
    const due = clock.monotonic() + SWEEP_MS
    clock.after(SWEEP_MS, () => {
      this.#sweeping = false
      if (this.#calls.size === 0 || this.#closed) return
      const now = clock.monotonic()
      const wasAsleep = now - due > SWEEP_MS
      // This process stood still, and answers may lie in the socket, unread: they come first, but for this once.
      if (wasAsleep && !this.#excused) this.#heard = now
      else this.#expire(now)
      this.#excused = wasAsleep
      if (!this.#closed) this.#sweep()
    })
  }

  /** The oldest calls may have waited too long, and the other side may not be there any more. */
  #expire(now: number): void {
    const { quietMs, deadMs } = this.#ports.limits
    for (const [number, call] of this.#calls) {
      if (call.until > now) break
      this.#calls.delete(number)
      call.reject(this.#lost(call.method, 'it took too long'))
    }
    this.#closeIfDone()
    const silence = now - this.#heard
    if (silence > deadMs) this.close('it does not answer')
    else if (silence > quietMs) this.#ping()
  }

  #ping(): void {
    this.#outbox.frames.begin(0, PING)
    this.#outbox.frames.finish()
    this.#outbox.schedule()
  }

  /** A call that was not sent, or may be made twice, has not been made. */
  #lost({ name, repeatable }: Method<unknown, unknown>, reason: string): Error {
    const message = `${name} at ${this.#address} has no answer: ${reason}`
    return repeatable || !this.#socket ? new NotLeading(message) : new Interrupted(message)
  }
}
