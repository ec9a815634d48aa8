/** A server of the simulated cluster: put together as node/serving.ts does, but for HTTP. */
import { JsonText, type Operation } from '../../../server/api/operation.ts'
import { operations, streamsOperations } from '../../../server/api/operations.ts'
import type { JsonObject } from '../../../server/api/shape/convert.ts'
import { decode } from '../../../server/api/shape/decode.ts'
import type { BackupServices } from '../../../server/backup/services.ts'
import { Catalog } from '../../../server/cluster/catalog.ts'
import { Elected, LIFECYCLE_DUTY } from '../../../server/cluster/elected.ts'
import { beginResharding, type Cuts } from '../../../server/cluster/growth/resharding.ts'
import { Lifecycle } from '../../../server/cluster/lifecycle.ts'
import { Mover, type Paces } from '../../../server/cluster/moves/mover.ts'
import { overNodes } from '../../../server/cluster/placement.ts'
import { DEFAULT_POOL } from '../../../server/cluster/records.ts'
import { Remains } from '../../../server/cluster/remains.ts'
import { Router } from '../../../server/cluster/router.ts'
import { Routes } from '../../../server/cluster/routes.ts'
import { TokenDirectory } from '../../../server/cluster/tokens.ts'
import { Coordinator } from '../../../server/cluster/transactions.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { ACCOUNT } from '../../../server/node/base.ts'
import { peersOf } from '../../../server/node/holding.ts'
import { Directory } from '../../../server/rpc/directory.ts'
import { remoteReporters } from '../../../server/rpc/neighbours.ts'
import { ClusterStreams } from '../../../server/streams/streams.ts'
import { Telemetry } from '../../../server/telemetry/telemetry.ts'
import { askerOf } from '../ground/asker.ts'
import type { Process } from '../ground/process.ts'
import type { World } from '../world.ts'
import { baseOf, REALM } from './base.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are JSON, looked into by checks alone.
export type Json = any

export type ServerRole = {
  process: Process
  started: Promise<void>
  /** It serves. */
  isUp(): boolean
  /** One request, from its JSON to that of its answer. Errors: those of the handler. */
  request(operation: string, input: object): Promise<Json>
  /** Begins to split, or merge, partitions, as the duty that looks at their size does. */
  reshard(table: string, choose: (table: TableRecord) => Cuts | undefined): Promise<void>
}

/** In a hurry: a run is short. */
const PACES: Paces = { busyMs: 200, idleMs: 1000, steadyMs: 1000, joinAgainMs: 5000, leadAgainMs: 2000 }

const byName = new Map<string, Operation>([...operations, ...streamsOperations].map(each => [each.name, each]))

export function startServer(process: Process, world: World): ServerRole {
  const base = baseOf(process, world)
  const { metadata, clock, logger, realm } = base
  const { partitions, replicas, repairAfterMs } = world.options
  const client = askerOf(process, world.network, world.asked)
  const nothing = { leader: () => undefined, replica: () => undefined }
  const leaders = new Directory({ metadata, client, zone: 'zone of n0', here: nothing })
  const shared = { ...base, leaders, random: process.identities }
  const placement = overNodes(metadata, replicas, partitions)
  const catalog = new Catalog(shared, REALM, placement)
  const remains = new Remains(metadata, realm, clock, logger)
  const tokens = new TokenDirectory(shared, REALM, placement)
  const items = new Router(catalog, leaders, clock, 0)
  const routes = new Routes(catalog, leaders, clock)
  const peers = peersOf(base, partition => leaders.find(partition))
  const transactions = new Coordinator({ ...shared, routes, peers, tokens })
  const keeping = { placement: { pool: DEFAULT_POOL, replicas, partitions }, repairAfterMs }
  const mover = new Mover({ ...base, reporters: remoteReporters(client) }, { ...keeping, paces: PACES })
  const lifecycle = new Lifecycle(metadata, placement, clock, logger)
  const elected = new Elected(base, LIFECYCLE_DUTY, [lifecycle, tokens, remains.clearing, mover])
  const streams = new ClusterStreams({ tables: catalog, remains, leaders, clock })
  const cluster = {
    tables: catalog,
    items,
    transactions,
    now: () => clock.now(),
    uuid: () => process.identities.uuid(),
  }
  const telemetry = new Telemetry(catalog, logger)
  const backup = undefined as unknown as BackupServices
  const start = async () => {
    await base.leasing.start()
    await leaders.start()
    await catalog.start()
    await remains.start()
    await elected.start()
  }
  const request = async (name: string, input: object) => {
    const operation = byName.get(name)!
    const meter = telemetry.begin(name, name, {})
    const call = { cluster, streams, backup, region: realm.region, account: ACCOUNT, requestId: name, meter }
    const answer = await operation.handle(decode(operation.input, input as JsonObject), call)
    return answer === undefined ? {} : JSON.parse(answer instanceof JsonText ? answer.text : JSON.stringify(answer))
  }
  const reshard = async (table: string, choose: (table: TableRecord) => Cuts | undefined) => {
    await catalog.change(table, (current, now) => {
      const cuts = choose(current)
      return (cuts && beginResharding(current, cuts, () => process.identities.uuid(), now)) ?? current
    })
  }
  let isUp = false
  const started = start().then(() => {
    isUp = true
  })
  return { process, started, isUp: () => isUp, request, reshard }
}
