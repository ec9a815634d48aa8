/**
 * A replica that has stopped, because its file is damaged or what it read does not fit, is rebuilt from the leader's file if that
 * loses nothing: the leader has applied the very entry that is the last one here (then all before it are the same, by their hashes),
 * or there is nothing here that could be read. A replica whose last entry the leader does not know is left as it is: what was
 * acknowledged may be nowhere else. So is one that differs from others, where nobody can tell which are right,
 * and one whose log or file is of a newer version of Tavola than this process.
 */
import { existsSync } from 'node:fs'
import { Newer, OperatorError } from '../../base/failure.ts'
import { InvariantViolation } from '../../base/invariant.ts'
import type { Logger } from '../../base/logger.ts'
import { Differing } from '../../replica/digest.ts'
import type { AppliedEnd, Neighbours } from '../../replica/standing.ts'
import { isDamage } from '../../store/failure.ts'
import { deleteStore, Store } from '../../store/store.ts'
import type { Files } from './files.ts'
import type { Pace } from './pace.ts'
import { receiveSnapshot } from './snapshots.ts'

/** What can still be said of a replica that has stopped. */
type Remains = { kind: 'known'; applied: AppliedEnd } | { kind: 'damaged' } | { kind: 'unknown' }

/** `failure`: why it has stopped. The file is closed. */
function remainsOf(partition: string, files: Files, failure: Error): Remains {
  const path = files.path(partition)
  if (!existsSync(path)) return { kind: 'unknown' }
  try {
    const store = new Store(path, partition, 0, files.reads)
    try {
      const { position, chain } = store.reader.state()
      return { kind: 'known', applied: { position, chain } }
    } finally {
      store.close()
    }
  } catch (error) {
    return { kind: isDamage(error) || isDamage(failure) ? 'damaged' : 'unknown' }
  }
}

export type RepairPorts = { neighbours: Neighbours; files: Files; pace: Pace; logger: Logger }

/** Rebuilds, from the leader's file, a replica that has stopped because of `failure`, if nothing is lost by that. @returns whether it did. Errors: any. */
export async function repair(
  partition: string,
  leader: string,
  failure: Error,
  { neighbours, files, pace, logger }: RepairPorts,
): Promise<boolean> {
  if (isUndecided(failure) || failure instanceof Newer) return false
  if (!(await hasAll(leader, partition, remainsOf(partition, files, failure), neighbours))) return false
  const aside = await rebuild(partition, pace.of(neighbours.snapshot(leader, partition)), files)
  logger.error(
    { partition, node: leader, aside },
    "a replica that had stopped has the leader's file now; its own is kept",
  )
  return true
}

/** Whether `leader` has all that is left here. Errors: it can't be reached. */
async function hasAll(leader: string, partition: string, remains: Remains, neighbours: Neighbours): Promise<boolean> {
  if (remains.kind === 'unknown') return false
  if (remains.kind === 'damaged') return (await neighbours.standings(leader, [partition])).has(partition)
  const { position, chain } = remains.applied
  return position === 0 || (await neighbours.chain(leader, partition, position)) === chain
}

/** Whether the failure is one of file and log, which a rest does not mend. */
export function isFinal(failure: Error): boolean {
  return failure instanceof OperatorError || failure instanceof InvariantViolation || isDamage(failure)
}

/** Whether replicas differ, and nobody can tell which of them are right. */
export function isUndecided(failure: Error): boolean {
  return failure instanceof Differing && !failure.isDecided
}

/** Takes another file in place of the own one, which is kept aside. @returns where. Errors: any; then the own one is where it was. */
async function rebuild(partition: string, chunks: AsyncIterable<Uint8Array>, files: Files): Promise<string> {
  const aside = files.aside(partition)
  const { fileSystem } = files
  await receiveSnapshot(partition, chunks, files, async path => {
    deleteStore(aside)
    for (const suffix of ['-wal', '-shm', ''])
      if (fileSystem.exists(path + suffix)) await fileSystem.rename(path + suffix, aside + suffix)
  })
  return aside
}
