/**
 * The network between processes, as TCP shows it: what is written on a connection comes in order or, when the connection breaks,
 * not at all; where the way is cut it comes later, if both ends are still there.
 */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Random } from '../../campaigns/random.ts'
import type { Process } from './process.ts'
import { TURN_MS, type VirtualTime } from './time.ts'

export type Pace = {
  /** Milliseconds of most messages, at most. */
  usual: number
  /** The part that takes long, and how long it may take. */
  slow: number
  slowMs: number
}

type Listener = { process: Process; accept: (socket: Socket) => void }

export class Network {
  readonly time: VirtualTime
  pace: Pace
  readonly #choices: Random
  readonly #listeners = new Map<string, Listener>()
  readonly #cuts = new Set<string>()
  /** Milliseconds that messages take more there, by way. */
  readonly #slowed = new Map<string, number>()
  readonly #links = new Set<Link>()
  #held: { a: string; b: string; deliver: () => void }[] = []

  constructor(time: VirtualTime, choices: Random, pace: Pace) {
    this.time = time
    this.#choices = choices
    this.pace = pace
  }

  /** How long the next message takes, of one to another if that is said. */
  delay(from = '', to = ''): number {
    const { usual, slow, slowMs } = this.pace
    const isSlow = this.#choices.chance(slow)
    const more = this.#slowed.size > 0 ? (this.#slowed.get(wayOf(from, to)) ?? 0) : 0
    return 0.05 + more + this.#choices.next() * (isSlow ? slowMs : usual)
  }

  listen(address: string, process: Process, accept: (socket: Socket) => void): void {
    this.#listeners.set(address, { process, accept })
  }

  /** The listener's process has closed it. */
  unlisten(address: string, process: Process): void {
    if (this.#listeners.get(address)?.process === process) this.#listeners.delete(address)
  }

  /** `connected`, or `refused`, is called; neither, while the way is cut or nobody answers. */
  dial(from: Process, address: string, connected: (socket: Socket) => void, refused: (error: Error) => void): void {
    const host = address.split('//')[1]!
    this.deliver(from.name, host, this.delay(), () => {
      const listener = this.#listeners.get(address)
      const there = listener?.process
      if (there?.isFrozen && !there.isDead) return
      const back = (task: () => void) => this.deliver(host, from.name, this.delay(), () => from.event(task))
      if (!listener || !there || there.isDead) return back(() => refused(new Error(`${address} refuses connections`)))
      const link = new Link(this, from, there)
      this.#links.add(link)
      listener.accept(link.far as unknown as Socket)
      back(() => link.isBroken || connected(link.near as unknown as Socket))
    })
  }

  /** Calls `task` after `ms`, or when the way is free again. */
  deliver(from: string, to: string, ms: number, task: () => void): void {
    this.time.after(ms, () => {
      if (this.isCut(from, to)) this.#held.push({ a: from, b: to, deliver: task })
      else task()
    })
  }

  cut(a: string, b: string): void {
    this.#cuts.add(wayOf(a, b))
  }

  /** The way is cut no more. */
  join(a: string, b: string): void {
    this.#cuts.delete(wayOf(a, b))
    this.#deliverHeld()
  }

  /** Messages between the two take so much longer. */
  slow(a: string, b: string, ms: number): void {
    if (ms > 0) this.#slowed.set(wayOf(a, b), ms)
    else this.#slowed.delete(wayOf(a, b))
  }

  heal(): void {
    this.#cuts.clear()
    this.#deliverHeld()
  }

  #deliverHeld(): void {
    const held = this.#held
    this.#held = held.filter(({ a, b }) => this.isCut(a, b))
    for (const { a, b, deliver } of held) if (!this.isCut(a, b)) this.time.after(this.delay(), deliver)
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(wayOf(a, b))
  }

  /** Whether the way of one to anything is cut. */
  isCutOff(name: string): boolean {
    return [...this.#cuts].some(way => way.split(' ').includes(name))
  }

  /** Breaks what connects the two, or all connections of one; `tells`: the ends that still live hear of it. */
  reset(a: string, b?: string, tells = true): void {
    for (const link of [...this.#links]) {
      const ends = [link.nearProcess.name, link.farProcess.name]
      if (ends.includes(a) && (b === undefined || ends.includes(b))) link.break(tells)
    }
  }

  forget(link: Link): void {
    this.#links.delete(link)
  }
}

function wayOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/** A connection. */
class Link {
  readonly nearProcess: Process
  readonly farProcess: Process
  readonly near: End
  readonly far: End
  isBroken = false
  readonly #network: Network

  constructor(network: Network, near: Process, far: Process) {
    this.#network = network
    this.nearProcess = near
    this.farProcess = far
    this.near = new End(this, near)
    this.far = new End(this, far)
  }

  send(from: End, bytes: Buffer): void {
    const to = from === this.near ? this.far : this.near
    const { time } = this.#network
    const due = Math.max(to.due, time.now + this.#network.delay(from.process.name, to.process.name))
    to.due = due + TURN_MS
    this.#network.deliver(from.process.name, to.process.name, due - time.now, () => {
      if (this.isBroken || to.isClosed) return
      to.process.event(() => to.isClosed || to.emit('data', bytes))
    })
  }

  /** One end has closed; the other one hears of it behind what was sent before. */
  closed(by: End): void {
    const other = by === this.near ? this.far : this.near
    const { time } = this.#network
    const due = Math.max(other.due, time.now + this.#network.delay())
    this.#network.forget(this)
    this.#network.deliver(by.process.name, other.process.name, due - time.now, () =>
      other.process.event(() => other.close()),
    )
    by.process.clock.soon(() => by.emit('close'))
  }

  break(tells: boolean): void {
    if (this.isBroken) return
    this.isBroken = true
    this.#network.forget(this)
    if (!tells) return
    for (const end of [this.near, this.far])
      this.#network.deliver(this.near.process.name, this.far.process.name, this.#network.delay(), () =>
        end.process.event(() => end.close()),
      )
  }
}

/** As much of a socket as connections use. */
class End extends EventEmitter {
  readonly process: Process
  readonly writableLength = 0
  readonly remoteAddress = 'simulated'
  isClosed = false
  /** When the last that was sent here arrives. */
  due = 0
  readonly #link: Link

  constructor(link: Link, process: Process) {
    super()
    this.#link = link
    this.process = process
  }

  write(bytes: Buffer): void {
    if (!this.isClosed && !this.#link.isBroken) this.#link.send(this, bytes)
  }

  end(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#link.closed(this)
  }

  /** The other end, or the way between them, is gone. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.emit('close')
  }
}
