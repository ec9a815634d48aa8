/**
 * Group commit: whatever waits when the disk is free goes out as one group, in one synchronous write (O_DSYNC, so that
 * write and sync are one system call, made by the thread pool). Segments are filled with zeros ahead of time: a write
 * inside a file's size needs no change of metadata, which makes it half as long again faster.
 */
import { constants, write as writeFile } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { DURATIONS, Histogram } from '../../base/histogram.ts'
import type { Logger } from '../../base/logger.ts'
import { LogUnavailable } from '../log.ts'
import {
  encodeGroup,
  type LogRecord,
  type RecordPlace,
  recordSize,
  SEGMENT_HEADER_SIZE,
  segmentHeader,
} from './frame.ts'
import { segmentPath } from './recovery.ts'

const write = promisify(writeFile)

const SEGMENT_SIZE = 16 * 1024 * 1024
/** More than this in one group would make its first writer wait for the last one's bytes. */
const GROUP_SIZE = 2 * 1024 * 1024

type Waiting = { record: LogRecord; resolve: () => void; reject: (error: Error) => void }
type Segment = { number: number; file: FileHandle; end: number }

/** What was written since the process began. */
export type LogActivity = {
  entries: number
  bytes: number
  /** Seconds that each group took to be written and synced. */
  sync: Histogram
}

/** Told where a durable record lies, before its append resolves. */
export type Written = (segment: number, place: RecordPlace) => void

export class GroupWriter {
  readonly activity: LogActivity = { entries: 0, bytes: 0, sync: new Histogram(DURATIONS) }
  readonly #folder: string
  readonly #written: Written
  readonly #logger: Logger
  #sequence: number
  #nextNumber: number
  #segment: Segment | undefined
  #spare: Promise<Segment> | undefined
  #waiting: Waiting[] = []
  #busy: Promise<void> | undefined
  #failure: Error | undefined

  constructor(folder: string, lastSequence: number, lastNumber: number, written: Written, logger: Logger) {
    this.#folder = folder
    this.#sequence = lastSequence
    this.#nextNumber = lastNumber + 1
    this.#written = written
    this.#logger = logger
  }

  /** Number of the segment being written, which must not be deleted. */
  get current(): number | undefined {
    return this.#segment?.number
  }

  /** Makes the first segment ready. */
  async start(): Promise<void> {
    this.#segment = await this.#allocate()
  }

  append(record: LogRecord): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
      // Wait for the rest of this turn of the event loop: its requests share one write.
      this.#busy ??= new Promise<void>(setImmediate).then(() => this.#drain())
    })
  }

  async close(): Promise<void> {
    await this.#busy
    this.#failure ??= new LogUnavailable('the log is closed')
    await this.#segment?.file.close()
    const spare = await this.#spare?.catch(() => undefined)
    if (!spare) return
    await spare.file.close()
    await unlink(segmentPath(this.#folder, spare.number))
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      const { bytes, places } = encodeGroup(
        this.#sequence + 1,
        group.map(waiting => waiting.record),
      )
      const segment = await this.#segmentFor(bytes.length).catch(error => this.#noSpace(error, group))
      if (!segment) continue
      await this.#writeGroup(segment, bytes, places).then(
        () => this.#acknowledge(segment, places, group),
        error => this.#fail(error, group),
      )
    }
    this.#busy = undefined
  }

  #acknowledge(segment: Segment, places: RecordPlace[], group: Waiting[]): void {
    for (const [index, waiting] of group.entries()) {
      this.#written(segment.number, places[index]!)
      waiting.resolve()
    }
  }

  /** No new segment could be made, so nothing was written: the log can go on when there is room again. */
  #noSpace(error: Error, group: Waiting[]): undefined {
    this.#logger.error({ err: error }, 'no room for the log; writes are refused until there is')
    this.#spare = undefined
    this.#reject(new LogUnavailable(`no room for the log: ${error.message}`), group)
  }

  /** After a failed write nobody knows what the file holds: nothing more is appended until a restart has read it. */
  #fail(error: Error, group: Waiting[]): void {
    this.#logger.error(
      { err: error },
      'the log cannot be written; this process takes no more writes until it is restarted',
    )
    this.#failure = new LogUnavailable(`the log cannot be written: ${error.message}`)
    this.#reject(this.#failure, group)
  }

  #takeGroup(): Waiting[] {
    let size = 0
    let count = 0
    while (count < this.#waiting.length && (count === 0 || size < GROUP_SIZE))
      size += recordSize(this.#waiting[count++]!.record)
    return this.#waiting.splice(0, count)
  }

  async #writeGroup(segment: Segment, bytes: Buffer, places: RecordPlace[]): Promise<void> {
    const start = performance.now()
    const { bytesWritten } = await write(segment.file.fd, bytes, 0, bytes.length, segment.end)
    this.#count(places.length, bytesWritten, performance.now() - start)
    if (bytesWritten !== bytes.length) throw new LogUnavailable(`wrote ${bytesWritten} of ${bytes.length} bytes`)
    for (const place of places) place.offset += segment.end
    segment.end += bytes.length
    this.#sequence += 1
    if (segment.end > SEGMENT_SIZE / 2) this.#prepareSpare()
  }

  #count(entries: number, bytes: number, ms: number): void {
    this.activity.entries += entries
    this.activity.bytes += bytes
    this.activity.sync.observe(ms / 1000)
  }

  async #segmentFor(size: number): Promise<Segment> {
    const segment = this.#segment!
    // A group larger than a segment still fits: it makes its file longer.
    if (segment.end + size <= SEGMENT_SIZE || segment.end === SEGMENT_HEADER_SIZE) return segment
    const next = await (this.#spare ?? this.#allocate())
    this.#spare = undefined
    this.#segment = next
    await segment.file.close()
    return next
  }

  async #allocate(): Promise<Segment> {
    const number = this.#nextNumber++
    const path = segmentPath(this.#folder, number)
    try {
      await fillSegment(path)
      await syncFolder(this.#folder)
      return { number, file: await open(path, constants.O_RDWR | constants.O_DSYNC), end: SEGMENT_HEADER_SIZE }
    } catch (error) {
      // Half a segment would only take up more of the room there is not.
      await unlink(path).catch(() => {})
      throw error
    }
  }

  #prepareSpare(): void {
    this.#spare ??= this.#allocate()
    // A failure shows when the spare is needed.
    this.#spare.catch(() => {})
  }

  /** Rejects the group and all that waits behind it. */
  #reject(error: Error, group: Waiting[]): void {
    for (const waiting of [...group, ...this.#waiting.splice(0)]) waiting.reject(error)
  }
}

/** Synced piece by piece: the groups that are written meanwhile wait for a piece at most. */
async function fillSegment(path: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC)
  try {
    const piece = Buffer.alloc(512 * 1024)
    for (let at = 0; at < SEGMENT_SIZE; at += piece.length) await file.write(piece, 0, piece.length, at)
    await file.write(segmentHeader(), 0, SEGMENT_HEADER_SIZE, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the folder's list of files durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  await handle.sync().finally(() => handle.close())
}
