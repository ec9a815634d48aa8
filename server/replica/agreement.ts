/**
 * Whether a log is the one that a replica has applied, and what can be done if it is not.
 *
 * INV-R5  A log that ends before, or differs from, what this replica has applied is never followed.
 * INV-R8  A log is mended only by putting back, each at its own place, entries that this replica has applied and kept, onto a
 *         log that is a beginning of what it has applied. Everything else stays as it is, and is said.
 */
import { OperatorError } from '../base/failure.ts'
import { InvariantViolation } from '../base/invariant.ts'
import type { LoggedEntry, PartitionLog, Position } from '../log/log.ts'
import { chainHash, decodeEntry } from '../partition/entry.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'
import type { AppliedEnd, Succession, ToldEntry } from './standing.ts'

const REPLAY_BYTES = 4 * 1024 * 1024

/** The log begins after what this replica lacks: it needs the file of another one. */
export class Behind extends OperatorError {}

/** After opening, or refreshing, the log. Errors: Behind; OperatorError, with a sentence that names the file. */
export async function checkAgreement(store: Store, log: PartitionLog, { state }: Applier): Promise<void> {
  const { path, tail } = store
  checkStart(store, log.start(), state.position)
  if (log.end() < state.position) {
    if (!tail) throw disagreement(path, `the file has applied entry ${state.position}, the log ends at ${log.end()}`)
    return checkBeginning(store, log)
  }
  const last = await entryAt(log, state.position)
  if (last && chainHash(last.bytes) !== state.chain)
    throw disagreement(path, `entry ${state.position} is not the one that was applied`)
}

/** Errors: Behind. */
export function checkStart({ path }: Store, start: Position, applied: Position): void {
  if (start <= applied + 1) return
  throw new Behind(sentence(path, `the file has applied entry ${applied}, the log begins at ${start}`))
}

/** A log that ends too early: if it is a beginning of what was applied, `mend` can put back the rest. */
async function checkBeginning({ path, tail }: Store, log: PartitionLog): Promise<void> {
  const end = log.end()
  const last = await entryAt(log, end)
  const [own] = last ? tail!.read(end - 1, 1) : []
  if (last && own?.position !== end)
    throw disagreement(path, `the log ends at ${end}, long before what the file has applied`)
  if (last && own && !Buffer.from(own.bytes).equals(last.bytes))
    throw disagreement(path, `the log ends at ${end}, and that entry is not the one that was applied`)
}

/**
 * Puts back what the log has lost of what is applied here; for whoever is about to lead. @returns how many entries
 * Errors: OperatorError, if they are not all kept here; PositionConflict, LogUnavailable.
 */
export async function mend({ path, tail }: Store, log: PartitionLog, { state }: Applier): Promise<number> {
  const lost = state.position - log.end()
  if (lost <= 0) return 0
  if (!tail) throw disagreement(path, `the file has applied entry ${state.position}, the log ends at ${log.end()}`)
  while (log.end() < state.position) {
    const entries = tail.read(log.end(), REPLAY_BYTES)
    if (entries[0]?.position !== log.end() + 1)
      throw disagreement(path, `the log has lost entry ${log.end() + 1}, and the file does not keep it any more`)
    for (const { position, bytes } of entries) await log.append(bytes, position - 1)
  }
  return lost
}

/**
 * Applies the log to its end. Errors: Behind, when it is trimmed meanwhile; OperatorError, when it is damaged; those of the log
 * and of the disk.
 */
export async function replay(store: Store, log: PartitionLog, applier: Applier): Promise<void> {
  try {
    while (applier.state.position < log.end()) {
      const entries = await log.read(applier.state.position, REPLAY_BYTES)
      checkStart(store, entries[0]?.position ?? log.start(), applier.state.position)
      applier.replay(entries)
    }
  } catch (error) {
    if (!(error instanceof InvariantViolation)) throw error
    throw new OperatorError(`The log of the partition file ${store.path} is damaged: ${error.message}.`)
  }
}

/** Whether the log ends where another replica has applied it to, and what is applied here comes to the same. Errors: as `replay`. */
export async function comesTo(
  { position, chain }: AppliedEnd,
  store: Store,
  log: PartitionLog,
  applier: Applier,
): Promise<boolean> {
  if (log.end() !== position || applier.state.position > position || log.start() > applier.state.position + 1)
    return false
  await replay(store, log, applier)
  return applier.state.chain === chain
}

/** So many of the last entries, and bytes of them, go with a leadership. */
const TOLD_ENTRIES = 8
const TOLD_BYTES = 1024 * 1024

/** What a leader that has stepped down leaves to the next one. */
export function bequestOf({ tail }: Store, { state }: Applier): Pick<Succession, 'applied' | 'entries'> {
  const { position, chain } = state
  const last = tail?.read(position - TOLD_ENTRIES, TOLD_BYTES) ?? []
  const bytes = last.reduce((sum, entry) => sum + entry.bytes.length, 0)
  // Larger ones are read from the log.
  const told = bytes > TOLD_BYTES ? [] : last
  const entries = told.map(({ position, bytes }) => ({ position, bytes: Buffer.from(bytes).toString('base64') }))
  return { applied: { position, chain }, entries }
}

/**
 * Applies what another replica had applied, from what that one has told, and has the log go on from there. @returns false if that
 * can't be done: then the log is to be asked. Errors: those of the disk.
 */
export function inherit(
  { position, chain }: AppliedEnd,
  told: ToldEntry[],
  log: PartitionLog,
  applier: Applier,
): boolean {
  const lacking = told.filter(entry => entry.position > applier.state.position)
  try {
    if (lacking.length > 0)
      applier.replay(lacking.map(({ position, bytes }) => ({ position, bytes: Buffer.from(bytes, 'base64') })))
  } catch (error) {
    if (error instanceof InvariantViolation) return false
    throw error
  }
  const { state } = applier
  return state.position === position && state.chain === chain && log.resume(position)
}

/** The hash of an entry that was applied; undefined if it is too old to be known. */
export function hashAt(position: Position, { tail, reads }: Store, { state }: Applier): string | undefined {
  if (position >= state.position) return position === state.position ? state.chain : undefined
  const [entry] = tail?.read(position - 1, 1) ?? []
  if (entry?.position === position) return chainHash(entry.bytes)
  // The next one names it, if that is kept.
  return entry?.position === position + 1 ? decodeEntry(entry.bytes, reads).previous : undefined
}

/** Undefined if the entry is trimmed, or was never there. */
async function entryAt(log: PartitionLog, position: Position): Promise<LoggedEntry | undefined> {
  const [entry] = position >= log.start() && position <= log.end() ? await log.read(position - 1, 1) : []
  // Whoever leads may have trimmed it since the log said where it begins.
  return entry?.position === position ? entry : undefined
}

function disagreement(path: string, what: string): OperatorError {
  return new OperatorError(sentence(path, what))
}

function sentence(path: string, what: string): string {
  return `The partition file ${path} and its log disagree: ${what}. Restore the data folder from a backup; nothing was changed.`
}
