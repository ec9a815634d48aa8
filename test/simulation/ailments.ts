/** What keeps a cluster from being well: it should pass by itself once nothing is in the way. */
import { type LeaderRecord, leaderKey, PARTITIONS, parsePartition } from '../../server/cluster/records.ts'
import type { TableRecord } from '../../server/model/table.ts'
import type { World } from './world.ts'

/** Partitions that nobody leads, or that move; tables on their way to another state; processes that are not there. */
export function ailmentsOf({ metadata, nodes, servers, options }: World): string[] {
  const partitions = metadata.list(PARTITIONS).map(({ value }) => parsePartition(value))
  const isLed = (id: string) => {
    const leader = metadata.entries.get(leaderKey(id))
    return leader !== undefined && (JSON.parse(leader.value) as LeaderRecord).epoch > 0
  }
  const isSettled = ({ status, globalIndexes, resharding }: TableRecord) =>
    status === 'ACTIVE' && !resharding && globalIndexes.every(index => index.status === 'ACTIVE')
  const names = Array.from({ length: options.nodes }, (_, i) => `n${i}`)
  return [
    ...partitions.filter(({ id }) => !isLed(id)).map(({ id }) => `${id} is not led`),
    ...partitions.filter(({ move, lead }) => move || lead).map(({ id, move }) => `${id} moves ${JSON.stringify(move)}`),
    ...metadata
      .list('tables/')
      .filter(({ value }) => !isSettled(JSON.parse(value)))
      .map(({ key, value }) => `${key}: ${value}`),
    ...names.filter(node => !nodes.get(node)?.isUp()).map(node => `${node} is not there`),
    ...[...servers].filter(([, { isUp }]) => !isUp()).map(([server]) => `${server} is not there`),
  ]
}
