/** A partition that is archived round by round. */

import { momentOfArchive } from '../../../server/backup/archives.ts'
import { Archiving } from '../../../server/backup/archiving.ts'
import { ARCHIVES, type ArchiveRecord } from '../../../server/backup/records.ts'
import { itemsAt } from '../../../server/backup/state.ts'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import type { Tables } from '../../../server/cluster/cluster.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { MemoryObjectStore } from '../../../server/objects/memory.ts'
import { item, N, put } from '../partition/given.ts'
import { all, given, tableRecord } from './given.ts'

export const DAYS = 2

export async function archived() {
  const world = await given(true)
  const table = tableRecord({ pointInTimeRecovery: { id: 'archive-1', since: 0, days: DAYS } })
  const tables = new Map<string, TableRecord>([[table.name, table]])
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const objects = new MemoryObjectStore()
  const ports = {
    ...{ metadata, objects, leaders: world.leaders, clock: world.clock, logger: silent },
    tables: {
      list: () => [...tables.keys()],
      find: (name: string) => tables.get(name),
      latest: async (name: string) => tables.get(name),
    } as Tables,
  }
  const chore = new Archiving(ports, 1)
  let elapsed = 0
  /** Does what there is to do, as if the time for it had come. */
  const round = async () => {
    elapsed += 1_000_000
    world.clock.monotonic = () => elapsed
    for (const task of await chore.tasks())
      await task.run(
        () => false,
        () => {},
      )
  }
  const record = async () => {
    const [entry] = await metadata.list(ARCHIVES)
    return JSON.parse(entry!.value) as ArchiveRecord
  }
  const at = async (time: number) =>
    (
      await all(
        itemsAt(await momentOfArchive({ metadata, objects }, { tableId: table.id, archive: 'archive-1' }, time)),
      )
    ).sort()
  const names = async () => (await all(objects.list(''))).map(({ name }) => name)
  return { ...world, tables, metadata, objects, round, record, at, names }
}

/** Several rounds with writes in between; resolves with the times between them and what the table was then. */
export async function live(world: Awaited<ReturnType<typeof archived>>, rounds: number, step: number) {
  const history: { time: number; rows: string[] }[] = []
  for (let i = 0; i < rounds; i++) {
    // What is archived is larger than the base each time, so that there are many bases.
    for (let j = 0; j < 30; j++) await world.leader.write(put(item('a', j % 3, { n: N(i * 100 + j) })))
    const time = world.clock.now()
    history.push({ time, rows: [...(await world.was(at => at <= time)).values()].sort() })
    await world.round()
    world.clock.time += step
  }
  return history
}
