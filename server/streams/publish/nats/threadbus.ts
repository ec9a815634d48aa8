/**
 * The change bus on a thread of its own: headers, encoding and sockets of what is published cost those who write nothing. What is
 * on the thread is the bus on NATS (bus.ts).
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { BusMessage, ChangeBus, Channel, LastMessage } from '../bus.ts'
import type { NatsBusOptions } from './bus.ts'
import type { NatsPlace } from './link.ts'
import { type PackedMessages, packed } from './packed.ts'

export type BusThreadOptions = { place: NatsPlace; options: NatsBusOptions }
/** A method of the bus and its arguments. */
export type BusCall =
  | { method: 'last'; args: [Channel] }
  | { method: 'append'; args: [Channel, PackedMessages, number] }
  | { method: 'empty'; args: [{ streams: string; subjects: string }] }
  | { method: 'remove'; args: [string] }
export type BusRequest = { id: number } & BusCall
export type BusReply = { id: number; maxBytes: number | undefined } & ({ result: unknown } | { error: string })

/** Beside this file, and of its kind: TypeScript here, JavaScript in the published package. */
const THREAD = import.meta.url.replace(/threadbus(\.\w+)$/, 'bus-thread$1')

type Waiting = { resolve(result: unknown): void; reject(error: Error): void }

export class ThreadBus implements ChangeBus {
  readonly #options: BusThreadOptions
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #maxBytes: number | undefined
  #next = 1
  #closed = false

  constructor(options: BusThreadOptions) {
    this.#options = options
  }

  get maxBytes(): number | undefined {
    return this.#maxBytes
  }

  last(channel: Channel): Promise<LastMessage | undefined> {
    return this.#ask({ method: 'last', args: [channel] }) as Promise<LastMessage | undefined>
  }

  append(channel: Channel, messages: BusMessage[], after: number): Promise<number> {
    const sent = packed(messages)
    return this.#ask({ method: 'append', args: [channel, sent, after] }, [sent.texts.buffer]) as Promise<number>
  }

  empty(channels: { streams: string; subjects: string }): Promise<string[]> {
    return this.#ask({ method: 'empty', args: [channels] }) as Promise<string[]>
  }

  remove(stream: string): Promise<void> {
    return this.#ask({ method: 'remove', args: [stream] }) as Promise<void>
  }

  async close(): Promise<void> {
    this.#closed = true
    const worker = this.#worker
    if (!worker) return
    worker.postMessage('close')
    await once(worker, 'exit')
  }

  #ask(call: BusCall, handedOver: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Error('the connection to NATS is closed'))
    this.#worker ??= this.#start()
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker!.postMessage({ id, ...call } satisfies BusRequest, handedOver)
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL(THREAD), { workerData: this.#options })
    worker.on('message', (reply: BusReply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      this.#maxBytes = reply.maxBytes
      if ('error' in reply) waiting?.reject(new Error(reply.error))
      else waiting?.resolve(reply.result)
    })
    let failure = new Error('the connection to NATS is closed')
    worker.on('error', error => {
      failure = error as Error
    })
    worker.on('exit', () => {
      this.#worker = undefined
      for (const { reject } of this.#waiting.values()) reject(failure)
      this.#waiting.clear()
    })
    return worker
  }
}
