/** Tables that come and go are as they must be, and leave nothing behind. */
import { readdirSync } from 'node:fs'
import { holdersOf, PARTITIONS, parsePartition } from '../../../server/cluster/records.ts'
import type { History } from '../history.ts'
import type { World } from '../world.ts'
import type { Looking } from './checks.ts'

/** Errors: that one is there, or is not; what is left of one. */
export function checkTables(world: World, { sides }: History, { ask, wait }: Looking): void {
  const names: string[] = ask('ListTables', {}).TableNames
  for (const [name, { exists }] of sides)
    if (exists !== undefined && names.includes(name) !== exists)
      throw new Error(`${name} ${exists ? 'is not there' : 'is there'}`)
  const partitions = () => new Set(world.metadata.list(PARTITIONS).map(({ key }) => key.slice(PARTITIONS.length)))
  wait('the logs of deleted tables are gone', () => {
    const known = partitions()
    return [...world.logs.logs.keys()].every(id => known.has(id))
  })
  wait('files are only where they should be', () => {
    const records = world.metadata.list(PARTITIONS).map(({ value }) => parsePartition(value))
    const known = (node: string) =>
      new Set(records.flatMap(record => (holdersOf(record).includes(node) ? record.id : [])))
    return [...world.nodes.keys()].every(node =>
      readdirSync(world.disk(node).folder).every(file => !file.endsWith('.db') || known(node).has(file.slice(0, -3))),
    )
  })
}
