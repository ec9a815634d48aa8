/** A storage node of the simulated cluster: put together as node/storage.ts does, on simulated ground. */
import type { PartitionHost } from '../../../server/cluster/host.ts'
import { Ending } from '../../../server/node/ending.ts'
import { holdPartitions } from '../../../server/node/holding.ts'
import { Directory } from '../../../server/rpc/directory.ts'
import { remoteNeighbours } from '../../../server/rpc/neighbours.ts'
import { answer, askerOf } from '../ground/asker.ts'
import { SimLogs } from '../ground/logs.ts'
import type { Process } from '../ground/process.ts'
import type { World } from '../world.ts'
import { baseOf, lineOf } from './base.ts'

export type StorageRole = {
  process: Process
  host: PartitionHost
  /** Resolves when it serves. Errors: OperatorError, MetadataUnavailable. */
  started: Promise<void>
  /** As on SIGTERM. */
  stop(): Promise<void>
  isUp(): boolean
  isLeaving(): boolean
}

export function startStorage(process: Process, world: World): StorageRole {
  const ending = new Ending()
  const { name } = process
  const base = baseOf(process, world)
  const { metadata, logger } = base
  const disk = world.disk(name)
  const address = `sim://${name}`
  const client = askerOf(process, world.network, world.asked)
  const here = { leader: (id: string) => holding.host.leader(id), replica: (id: string) => holding.host.replica(id) }
  const directory = new Directory({ metadata, client, zone: `zone of ${name}`, here })
  const ground = {
    logs: new SimLogs(world.logs, lineOf(process, world, 'log'), world.options.depth),
    checkpointer: disk.checkpointer(process),
    folder: disk.folder,
    fileSystem: disk.files,
    openStore: disk.openStore,
    seen: undefined,
  }
  const neighbours = remoteNeighbours(client, node => directory.addressOf(node))
  const find = (partition: string) => directory.find(partition)
  const { grace, sweepMs } = world.options
  const holding = holdPartitions(base, ground, { node: name, find, neighbours, sweepMs, grace }, ending)
  const start = async () => {
    ending.add(() => base.leasing.stop())
    await base.leasing.start()
    ending.add(() => directory.stop())
    ending.add(answer(process, world.network, address, holding.host, logger))
    await directory.start()
    await holding.start({ node: name, address, zone: `zone of ${name}`, pool: 'default', role: 'storage' })
  }
  let [isUp, isLeaving] = [false, false]
  const started = start().then(() => {
    isUp = true
  })
  const stop = () => {
    isLeaving = true
    return ending.run()
  }
  return { process, host: holding.host, started, stop, isUp: () => isUp, isLeaving: () => isLeaving }
}
