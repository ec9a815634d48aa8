/** How a node comes by its replica of a partition: from its file, from the log, or from another node's file. */
import { OperatorError } from '../../base/failure.ts'
import { Behind } from '../../replica/agreement.ts'
import type { ReplicaPorts } from '../../replica/ports.ts'
import { Replica } from '../../replica/replica.ts'
import { type Neighbours, noNeighbours } from '../../replica/standing.ts'
import { holdersOf, type PartitionRecord } from '../records.ts'
import type { Files } from './files.ts'
import type { Followers } from './followers.ts'
import { furthest } from './furthest.ts'
import type { Pace } from './pace.ts'
import { receiveSnapshot } from './snapshots.ts'

export type OpeningPorts = ReplicaPorts & { neighbours: Neighbours; files: Files; followers: Followers; pace: Pace }

/** Of the entries applied last, a replica keeps so much, where the log is not its own node's: it may have no others beside it yet. */
const TAIL_BYTES = 64 * 1024 * 1024

/**
 * A new partition begins empty; one that was made before must still be there, in its file, its log or another replica.
 * Errors: OperatorError, if it is not, or is not what it should be; others, if another replica can't be reached, or the log.
 */
export async function openReplica(record: PartitionRecord, ports: OpeningPorts): Promise<Replica> {
  const { id, replicas } = record
  const { node, files, logs, followers } = ports
  const path = files.path(id)
  const isAlone = holdersOf(record).length === 1
  if (!replicas.includes(node)) await join(record, ports)
  else if ((await files.isMissing(id)) && (await logs.open(id, 0)).end() === 0) {
    if (isAlone)
      throw new OperatorError(`The partition file ${path} is missing. Restore the data folder from a backup.`)
    await copy(id, replicas, ports)
  }
  const options = {
    tailBytes: ports.neighbours === noNeighbours ? 0 : TAIL_BYTES,
    followers: () => followers.durable(id),
  }
  const open = () => Replica.open(id, path, ports, options)
  const replica = await open().catch(async error => {
    if (!(error instanceof Behind) || isAlone) throw error
    await copy(id, replicas, ports)
    return open()
  })
  await files.mark(id).catch(async error => {
    // It is opened again soon; of two at once one finds the file locked.
    await replica.close('its file could not be marked as made')
    throw error
  })
  return replica
}

/** Another replica's file is less to read than all of the log. */
async function join({ id, replicas }: PartitionRecord, ports: OpeningPorts): Promise<void> {
  const { files, logs } = ports
  if (files.isAbsent(id) && (await logs.open(id, 0)).end() > 0) await copy(id, replicas, ports)
}

/** Takes another replica's file. */
async function copy(partition: string, replicas: string[], ports: OpeningPorts): Promise<void> {
  const { neighbours, files, pace, logger } = ports
  const [node] = (await furthest(partition, replicas, ports, -1)).nodes
  if (!node) throw new Error('no other replica can be reached to copy its file')
  logger.warn({ partition, node }, 'this replica copies the file of another one')
  await receiveSnapshot(partition, pace.of(neighbours.snapshot(node, partition)), files)
}

/** What keeps the node from starting, as the operator is told. */
export function failureOf(partition: string, failure: Error): OperatorError {
  if (failure instanceof OperatorError) return failure
  return new OperatorError(`Partition ${partition} cannot be opened: ${failure.message}.`)
}
