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

/**
 * Reads all segments in `folder`, oldest first, one in memory at a time; only when all are found to be good, removes what is
 * no group from their ends. Errors: OperatorError; then nothing was changed.
 */
export async function recoverSegments(folder: string, logger: Logger): Promise<Recovered> {
  const scans = await scanSegments(folder)
  for (const scan of scans) await tidy(scan, logger)
  return {
    segments: scans.filter(({ places }) => places.length > 0),
    lastSequence: scans.at(-1)?.lastSequence ?? 0,
    lastNumber: scans.at(-1)?.number ?? 0,
  }
}

type Scan = {
  number: number
  path: string
  places: RecordPlace[]
  /** Of the last group so far, in this segment or before. */
  lastSequence: number
  /** Where the last whole group ends, and the file. */
  end: number
  length: number
  /** Whether something that is no whole group follows it. */
  torn: boolean
}

async function scanSegments(folder: string): Promise<Scan[]> {
  const numbers = (await readdir(folder))
    .filter(name => /^\d{12}\.log$/.test(name))
    .map(name => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
  const scans: Scan[] = []
  for (const number of numbers) {
    const path = segmentPath(folder, number)
    const bytes = await readFile(path)
    const torn = scans.find(earlier => earlier.torn)
    if (torn && hasGroupAfter(bytes, 0)) throw damaged(torn.path, torn.end)
    scans.push(scanSegment(number, path, bytes, scans.at(-1)?.lastSequence ?? 0))
  }
  return scans
}

function scanSegment(number: number, path: string, bytes: Buffer, lastSequence: number): Scan {
  const scan = { number, path, places: [], lastSequence, end: 0, length: bytes.length, torn: false }
  const version = segmentVersion(bytes)
  if (version === undefined) {
    if (hasGroupAfter(bytes, 0)) throw damaged(path, 0)
    return scan
  }
  if (version > SEGMENT_VERSION)
    throw new OperatorError(
      `${path} was written by a newer Tavola (log format ${version}, this one reads up to ${SEGMENT_VERSION}).`,
    )
  scan.end = SEGMENT_HEADER_SIZE
  scanGroups(scan, bytes)
  return scan
}

function scanGroups(scan: Scan, bytes: Buffer): void {
  while (scan.end < bytes.length) {
    const group = decodeGroup(bytes, scan.end)
    if (group === 'end') return
    if (group === 'damaged') {
      if (hasGroupAfter(bytes, scan.end + 1)) throw damaged(scan.path, scan.end)
      scan.torn = true
      return
    }
    if (scan.lastSequence > 0 && group.sequence !== scan.lastSequence + 1) throw outOfTurn(scan.path, scan.end)
    for (const place of group.places) scan.places.push({ ...place, offset: scan.end + place.offset })
    scan.lastSequence = group.sequence
    scan.end += group.size
  }
}

/**
 * What was being written when the process or the machine died was never acknowledged: drop it. So are files that hold
 * nothing, and the zeros that a file was filled with: only the one being written needs them.
 */
async function tidy({ path, places, end, length, torn }: Scan, logger: Logger): Promise<void> {
  if (torn) {
    const message = 'the log ends in a write that was cut short; it was never acknowledged and is dropped'
    logger.warn({ path, offset: end }, message)
  }
  if (places.length === 0) return unlink(path)
  if (end === length) return
  const file = await open(path, 'r+')
  try {
    await file.truncate(end)
    await file.sync()
  } finally {
    await file.close()
  }
}

function damaged(path: string, offset: number): OperatorError {
  return new OperatorError(
    `The log file ${path} is damaged at byte ${offset}: what follows it is intact, so this is not a write cut short by a crash. Restore the data folder from a backup; nothing was changed.`,
  )
}

function outOfTurn(path: string, offset: number): OperatorError {
  return new OperatorError(
    `The log file ${path} does not continue, at byte ${offset}, what was written before it: a log file is missing, or was replaced. Restore the data folder from a backup; nothing was changed.`,
  )
}
