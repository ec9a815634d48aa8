/** Rows: what a PartitionLeader does. */
import type { WriteCommand } from '../../partition/command.ts'
import type { PartitionStatistics } from '../../replica/statistics.ts'
import { bytes, command, image, json, nothing, optional, page, rangeRequest, writeOutcome } from '../codecs.ts'
import { method, onceOnly } from '../method.ts'

export const get = method('get', bytes, optional(image), (leader, key) => leader.get(key))
export const range = method('range', rangeRequest, page, (leader, request) => leader.range(request))
export const write = onceOnly('write', command<WriteCommand>(), writeOutcome, (leader, request) =>
  leader.write(request),
)
export const statistics = method('statistics', nothing, json<PartitionStatistics>(), leader => leader.statistics())
export const fed = method('fed', json<string>(), nothing, async (leader, index) => void (await leader.fed(index)))
