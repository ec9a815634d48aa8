/**
 * A replica that has stopped, because its file is damaged or what it read does not fit, is rebuilt from the leader's file if that
 * loses nothing: the leader has applied the very entry that is the last one here (then all before it are the same, by their hashes),
 * or there is nothing here that could be read. A replica whose last entry the leader does not know is left as it is: what was
 * acknowledged may be nowhere else.
 */
import { existsSync } from 'node:fs'
import type { Logger } from '../../base/logger.ts'
import type { AppliedEnd, Neighbours } from '../../replica/standing.ts'
import { isDamage } from '../../store/failure.ts'
import { deleteStore, Store } from '../../store/store.ts'
import type { Files } from './files.ts'
import { receiveSnapshot } from './snapshots.ts'

/** What can still be said of a replica that has stopped. */
type Remains = { kind: 'known'; applied: AppliedEnd } | { kind: 'damaged' } | { kind: 'unknown' }

/** `failure`: why it has stopped. The file is closed. */
function remainsOf(partition: string, files: Files, failure: Error): Remains {
  const path = files.path(partition)
  if (!existsSync(path)) return { kind: 'unknown' }
  try {
    const store = new Store(path, partition)
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

export type RepairPorts = { neighbours: Neighbours; files: Files; logger: Logger }

/** Rebuilds, from the leader's file, a replica that has stopped because of `failure`, if nothing is lost by that. @returns whether it did. Errors: any. */
export async function repair(
  partition: string,
  leader: string,
  failure: Error,
  { neighbours, files, logger }: RepairPorts,
): Promise<boolean> {
  if (!(await hasAll(leader, partition, remainsOf(partition, files, failure), neighbours))) return false
  const aside = await rebuild(leader, partition, neighbours, files)
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

/** Takes the leader's file in place of the own one, which is kept aside. @returns where. Errors: any; then the own one is where it was. */
async function rebuild(leader: string, partition: string, neighbours: Neighbours, files: Files): Promise<string> {
  const aside = files.aside(partition)
  const { fileSystem } = files
  await receiveSnapshot(partition, neighbours.snapshot(leader, partition), files, async path => {
    deleteStore(aside)
    for (const suffix of ['-wal', '-shm', ''])
      if (fileSystem.exists(path + suffix)) await fileSystem.rename(path + suffix, aside + suffix)
  })
  return aside
}
