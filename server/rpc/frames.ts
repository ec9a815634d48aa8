/**
 * Frames on a connection between a server and a storage node: a length, the number of a call, what the frame is, and what it
 * says. Calls and answers of a turn of the event loop go out as one piece of bytes; answers come in any order.
 */

/** The protocol, as a connection's HTTP upgrade names it. Another number: neither side understands the other. */
export const PROTOCOL = 'tavola-rpc/1'

/** Bytes of a frame after its length. A transaction's 4 MB are at most some 6 times that, with every character escaped. */
export const MAX_FRAME = 32 * 1024 * 1024

/** Not to be given other meanings. */
export const CALL = 1
export const RESULT = 2
export const ERROR = 3
/** Is the other side there? */
export const PING = 4
export const PONG = 5
/** Who answers is closing: ask no more, and close when all is answered. */
export const BYE = 6

const LENGTH_SIZE = 4
/** Of the call's number and the kind. */
const HEADER_SIZE = 5
const INITIAL = 64 * 1024
/** Longer texts are measured before they are written; shorter ones are given room for the worst. */
const MEASURED = 4096
const MAX_KEPT = 1024 * 1024

/** What came is no frame, or says nothing that can be understood. */
export class BrokenFrame extends Error {
  override name = 'BrokenFrame'
}

/** More than `MAX_FRAME` was to be sent. */
export class FrameTooLarge extends Error {
  override name = 'FrameTooLarge'
}

/** Gathers frames, each between `begin` and `finish`. */
export class FrameWriter {
  readonly #limit: number
  #buffer = Buffer.allocUnsafeSlow(INITIAL)
  #start = 0
  #end = 0

  constructor(limit = MAX_FRAME) {
    this.#limit = limit
  }

  /** Bytes of whole frames that wait. */
  get length(): number {
    return this.#end
  }

  begin(call: number, kind: number): void {
    this.#start = this.#end
    this.#room(LENGTH_SIZE + HEADER_SIZE)
    this.#end += LENGTH_SIZE
    this.u32(call)
    this.u8(kind)
  }

  /** Errors: FrameTooLarge; then it is not sent. */
  finish(): void {
    const length = this.#end - this.#start - LENGTH_SIZE
    if (length > this.#limit) {
      this.drop()
      throw new FrameTooLarge(`a message of ${length} bytes; at most ${this.#limit} can be sent`)
    }
    this.#buffer.writeUInt32LE(length, this.#start)
  }

  /** The frame that was begun is not sent. */
  drop(): void {
    this.#end = this.#start
  }

  /** All frames, and none are left. */
  take(): Buffer {
    const frames = this.#buffer.subarray(0, this.#end)
    this.#end = 0
    if (frames.length <= INITIAL) return Buffer.from(frames)
    this.#buffer = Buffer.allocUnsafeSlow(INITIAL)
    return frames.length * 2 > frames.buffer.byteLength || frames.length > MAX_KEPT ? frames : Buffer.from(frames)
  }

  u8(value: number): void {
    this.#room(1)
    this.#buffer[this.#end++] = value
  }

  u32(value: number): void {
    this.#room(4)
    this.#end = this.#buffer.writeUInt32LE(value, this.#end)
  }

  /** Any number, infinity too. */
  number(value: number): void {
    this.#room(8)
    this.#end = this.#buffer.writeDoubleLE(value, this.#end)
  }

  /** Of 64 bits, with a sign. */
  bigint(value: bigint): void {
    this.#room(8)
    this.#end = this.#buffer.writeBigInt64LE(value, this.#end)
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length)
    this.#room(value.length)
    this.#buffer.set(value, this.#end)
    this.#end += value.length
  }

  text(value: string): void {
    this.#room(4 + (value.length > MEASURED ? Buffer.byteLength(value) : value.length * 3))
    const size = this.#buffer.write(value, this.#end + 4)
    this.#buffer.writeUInt32LE(size, this.#end)
    this.#end += 4 + size
  }

  /** Plain data without buffers; what is undefined is left out. */
  json(value: unknown): void {
    this.text(JSON.stringify(value))
  }

  #room(size: number): void {
    const needed = this.#end + size
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#buffer = larger
  }
}

/** Reads what a frame says, in the order in which it was written. Errors: BrokenFrame, where it ends too soon. */
export class FrameReader {
  readonly #frame: Buffer
  #at = 0

  /** `frame`: without its length. What is read shares its memory. */
  constructor(frame: Buffer) {
    this.#frame = frame
  }

  u8(): number {
    return this.#frame[this.#skip(1)]!
  }

  u32(): number {
    return this.#frame.readUInt32LE(this.#skip(4))
  }

  number(): number {
    return this.#frame.readDoubleLE(this.#skip(8))
  }

  bigint(): bigint {
    return this.#frame.readBigInt64LE(this.#skip(8))
  }

  bytes(): Buffer {
    const start = this.#skip(this.u32())
    return this.#frame.subarray(start, this.#at)
  }

  text(): string {
    const start = this.#skip(this.u32())
    return this.#frame.toString('utf8', start, this.#at)
  }

  json<T>(): T {
    return JSON.parse(this.text()) as T
  }

  /** So many elements follow. Each has a byte at least: a number that can't be is not believed. */
  count(): number {
    const count = this.u32()
    if (count > this.#frame.length - this.#at) throw new BrokenFrame('a list that is longer than its frame')
    return count
  }

  #skip(size: number): number {
    const start = this.#at
    if (start + size > this.#frame.length) throw new BrokenFrame('a frame ends too soon')
    this.#at = start + size
    return start
  }
}

/** Cuts what arrives into frames. */
export class FrameSplitter {
  readonly #limit: number
  #chunks: Buffer[] = []
  #have = 0
  #need = LENGTH_SIZE

  constructor(limit = MAX_FRAME) {
    this.#limit = limit
  }

  /** Calls `each` with every frame that is whole now, without its length. Errors: BrokenFrame; those of `each`. */
  push(chunk: Buffer, each: (frame: Buffer) => void): void {
    let bytes = chunk
    if (this.#have > 0) {
      this.#chunks.push(chunk)
      this.#have += chunk.length
      if (this.#have < this.#need) return
      bytes = Buffer.concat(this.#chunks)
    }
    let at = 0
    this.#need = LENGTH_SIZE
    while (bytes.length - at >= LENGTH_SIZE) {
      const length = bytes.readUInt32LE(at)
      if (length < HEADER_SIZE || length > this.#limit) throw new BrokenFrame(`a frame of ${length} bytes`)
      this.#need = LENGTH_SIZE + length
      if (bytes.length - at < this.#need) break
      const start = at + LENGTH_SIZE
      at += this.#need
      this.#need = LENGTH_SIZE
      each(bytes.subarray(start, at))
    }
    this.#have = bytes.length - at
    this.#chunks = this.#have > 0 ? [bytes.subarray(at)] : []
  }
}
