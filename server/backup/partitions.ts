/** Partitions, wherever they are led, for those who copy them. */
import { type Clock, sleep } from '../base/clock.ts'
import type { Leaders, PartitionHistory } from '../cluster/leaders.ts'
import { NotLeading } from '../replica/pipeline.ts'

export type Partitions = { leaders: Leaders; clock: Clock }

/** How long a partition without a leader is waited for. */
const PATIENCE_MS = 10_000
const CHECK_MS = 20

/** Errors: NotLeading. */
export async function leadingHistory({ leaders, clock }: Partitions, partition: string): Promise<PartitionHistory> {
  for (let waited = 0; waited < PATIENCE_MS; waited += CHECK_MS) {
    const leader = leaders.find(partition)
    if (leader) return leader.history
    await sleep(clock, CHECK_MS)
  }
  throw new NotLeading(`partition ${partition} has no leader`)
}
