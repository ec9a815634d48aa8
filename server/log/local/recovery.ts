/**
 * Reading the segments back at start: every group is checked; a torn tail is cut; anything else that is not as it was
 * written stops the start with a sentence that names the file.
 */
import { open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../base/failure.ts'
import type { Logger } from '../../base/logger.ts'
import {
  decodeGroup,
  hasGroupAfter,
  type RecordPlace,
  SEGMENT_HEADER_SIZE,
  SEGMENT_VERSION,
  segmentVersion,
} from './frame.ts'

/** `offset` of a place is relative to the file here. */
export type RecoveredSegment = { number: number; places: RecordPlace[] }

export type Recovered = { segments: RecoveredSegment[]; lastSequence: number; lastNumber: number }

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(12, '0')}.log`)
}

/** Reads all segments in `folder`, oldest first, one in memory at a time. Errors: OperatorError. */
export async function recoverSegments(folder: string, logger: Logger): Promise<Recovered> {
  const numbers = (await readdir(folder))
    .filter(name => /^\d{12}\.log$/.test(name))
    .map(name => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
  const recovered: Recovered = { segments: [], lastSequence: 0, lastNumber: numbers.at(-1) ?? 0 }
  let torn: { path: string; offset: number } | undefined
  for (const number of numbers) {
    const path = segmentPath(folder, number)
    const scan = scanSegment(path, await readFile(path), recovered.lastSequence)
    if (torn && scan.places.length > 0) throw damaged(torn.path, torn.offset)
    if (scan.places.length === 0) await unlink(path)
    else recovered.segments.push({ number, places: scan.places })
    recovered.lastSequence = scan.lastSequence
    if (scan.tornAt !== undefined) torn = { path, offset: scan.tornAt }
  }
  if (torn) await cut(torn.path, torn.offset, logger)
  return recovered
}

type Scan = { places: RecordPlace[]; lastSequence: number; tornAt?: number }

function scanSegment(path: string, bytes: Buffer, lastSequence: number): Scan {
  const version = segmentVersion(bytes)
  if (version === undefined) {
    if (hasGroupAfter(bytes, 0)) throw damaged(path, 0)
    return { places: [], lastSequence }
  }
  if (version > SEGMENT_VERSION)
    throw new OperatorError(
      `${path} was written by a newer Tavola (log format ${version}, this one reads up to ${SEGMENT_VERSION}).`,
    )
  const places: RecordPlace[] = []
  for (let offset = SEGMENT_HEADER_SIZE; offset < bytes.length; ) {
    const group = decodeGroup(bytes, offset)
    if (group === 'end') break
    if (group === 'damaged') {
      if (hasGroupAfter(bytes, offset + 1)) throw damaged(path, offset)
      return { places, lastSequence, tornAt: offset }
    }
    if (group.sequence <= lastSequence) throw damaged(path, offset)
    for (const place of group.places) places.push({ ...place, offset: offset + place.offset })
    lastSequence = group.sequence
    offset += group.size
  }
  return { places, lastSequence }
}

/** What was being written when the process or the machine died was never acknowledged: drop it. */
async function cut(path: string, offset: number, logger: Logger): Promise<void> {
  logger.warn({ path, offset }, 'the log ends in a write that was cut short; it was never acknowledged and is dropped')
  const file = await open(path, 'r+').catch(() => undefined)
  if (!file) return
  await file.truncate(offset)
  await file.sync()
  await file.close()
}

function damaged(path: string, offset: number): OperatorError {
  return new OperatorError(
    `The log file ${path} is damaged at byte ${offset}: what follows it is intact, so this is not a write cut short by a crash. Restore the data folder from a backup; nothing was changed.`,
  )
}
