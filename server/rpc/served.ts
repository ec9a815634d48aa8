/** A connection, as the storage node sees it that answers. */
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Tracer } from '../base/tracer.ts'
import { Interrupted, NotLeading } from '../replica/pipeline.ts'
import { overloaded } from '../replica/writes.ts'
import { isAnswer, RemoteError, writeError } from './errors.ts'
import {
  BrokenFrame,
  BYE,
  CALL,
  ERROR,
  FrameReader,
  FrameSplitter,
  type FrameWriter,
  PING,
  PONG,
  RESULT,
} from './frames.ts'
import type { Limits } from './limits.ts'
import type { Answering } from './method.ts'
import { type AnyMethod, METHODS } from './methods.ts'
import { Outbox } from './outbox.ts'

export type ServedPorts = Answering & {
  limits: Limits
  clock: Clock
  tracer: Tracer
  logger: Logger
}

export class ServedConnection {
  readonly #ports: ServedPorts
  readonly #socket: Socket
  readonly #outbox: Outbox
  readonly #splitter: FrameSplitter
  #running = 0
  #closing = false

  /** `head`: what has arrived already. */
  constructor(ports: ServedPorts, socket: Socket, head: Buffer) {
    this.#ports = ports
    this.#socket = socket
    this.#outbox = new Outbox(ports.clock, ports.limits.frame)
    this.#splitter = new FrameSplitter(ports.limits.frame)
    this.#outbox.open(socket)
    socket.on('data', chunk => this.#receive(chunk))
    // An HTTP server's sockets would stay half open.
    socket.once('end', () => socket.end())
    if (head.length > 0) this.#receive(head)
  }

  /** Answers what was asked before; what is asked from now on, it does not do. Resolves when the other side has closed. */
  async close(): Promise<void> {
    this.#closing = true
    this.#send(0, BYE, () => {})
    if (!this.#socket.closed) await new Promise(resolve => this.#socket.once('close', resolve))
  }

  #receive(chunk: Buffer): void {
    try {
      this.#splitter.push(chunk, frame => this.#frame(new FrameReader(frame)))
      if (this.#outbox.waiting > 2 * this.#ports.limits.unsent) throw new BrokenFrame('answers are not taken')
    } catch (error) {
      this.#ports.logger.warn({ err: error, peer: this.#socket.remoteAddress }, 'a connection does not make sense')
      this.#socket.destroy()
    }
  }

  #frame(fields: FrameReader): void {
    const call = fields.u32()
    const kind = fields.u8()
    if (kind === CALL) this.#call(call, fields)
    else if (kind === PING) this.#send(call, PONG, () => {})
    else throw new BrokenFrame(`a frame of kind ${kind}`)
  }

  #call(call: number, fields: FrameReader): void {
    let partition = ''
    try {
      const name = fields.text()
      partition = fields.text()
      const trace = fields.text()
      const method = METHODS.get(name)
      if (!method) throw new RemoteError(`this version of Tavola knows no ${name}`)
      const question = this.#question(method, fields)
      const answer = this.#ask(method, partition, trace, question)
      if (answer instanceof Promise) this.#answerLater(call, partition, method, answer)
      else this.#answer(call, partition, method, answer)
    } catch (error) {
      this.#fail(call, partition, error)
    }
  }

  #question(method: AnyMethod, fields: FrameReader): unknown {
    const { limits } = this.#ports
    if (this.#closing) throw new NotLeading('the node is closing')
    if (this.#running >= limits.calls || this.#outbox.waiting > limits.unsent) throw overloaded()
    return method.ask.read(fields)
  }

  #ask(method: AnyMethod, partition: string, trace: string, question: unknown): unknown {
    const { node, tracer } = this.#ports
    const ask = () => method.call(this.#ports, partition, question)
    const asked = trace === '' ? ask : () => tracer.join(trace, method.name, ask)
    // What is being given to this node is led here in a moment, and nowhere before.
    const arrival = method.isLeaders ? node.arrival(partition) : undefined
    return arrival ? arrival.then(asked) : asked()
  }

  #answerLater(call: number, partition: string, method: AnyMethod, answer: Promise<unknown>): void {
    this.#running += 1
    answer
      .then(
        result => this.#answer(call, partition, method, result),
        error => this.#fail(call, partition, error),
      )
      .finally(() => (this.#running -= 1))
  }

  #answer(call: number, partition: string, method: AnyMethod, result: unknown): void {
    try {
      this.#send(call, RESULT, out => method.answer.write(out, result))
    } catch (error) {
      this.#fail(call, partition, error)
    }
  }

  #fail(call: number, partition: string, error: unknown): void {
    const isElsewhere = error instanceof NotLeading && !(error instanceof Interrupted)
    const successor = isElsewhere ? this.#ports.node.successor(partition) : undefined
    // What is being given away is led elsewhere in a moment: who then asks there need not look for it.
    if (successor) void successor.then(leader => this.#refuse(call, new NotLeading(String(error), leader)))
    else this.#refuse(call, error)
  }

  #refuse(call: number, error: unknown): void {
    if (!isAnswer(error)) this.#ports.logger.error({ err: error }, 'a call from another process failed')
    this.#send(call, ERROR, out => writeError(out, error))
  }

  #send(call: number, kind: number, write: (out: FrameWriter) => void): void {
    const { frames } = this.#outbox
    frames.begin(call, kind)
    try {
      write(frames)
      frames.finish()
    } catch (error) {
      frames.drop()
      throw error
    }
    this.#outbox.schedule()
  }
}
