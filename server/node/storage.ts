/** A process that is a storage node: it holds partitions, and answers the cluster's other processes. */
import { OperatorError } from '../base/failure.ts'
import { systemRandom } from '../base/random.ts'
import { Catalog } from '../cluster/catalog.ts'
import { scrubbingAt } from '../cluster/host/scrubber.ts'
import { onOneNode } from '../cluster/placement.ts'
import { DEFAULT_POOL } from '../cluster/records.ts'
import { createStatusApp } from '../http/status.ts'
import type { Metadata } from '../metadata/metadata.ts'
import { remoteNeighbours } from '../rpc/neighbours.ts'
import { startRpcServer } from '../rpc/server.ts'
import type { Tls } from '../rpc/tls.ts'
import { FORMAT } from '../store/format.ts'
import { partitionMetrics } from '../telemetry/nodemetrics.ts'
import { answeringMetrics, askingMetrics } from '../telemetry/rpcmetrics.ts'
import { scraper } from '../telemetry/scrape.ts'
import { type BaseOptions, openBase, type RunningNode } from './base.ts'
import { Ending, orEnd } from './ending.ts'
import { type Ground, holdPartitions } from './holding.ts'
import { endpointOf, type Listening, listen } from './listening.ts'
import { type PublishOptions, toNats } from './nats.ts'
import { openNeighbourhood } from './neighbourhood.ts'

export type StorageOptions = BaseOptions &
  /** Of `GET /healthz`, `/readyz` and `/metrics`. */
  Listening & {
    /** The same at each start, and no other node's: the files in its data folder are under it. */
    node: string
    zone: string
    /** See cluster/records.ts. */
    pool?: string
    /** MB a second, at most, at which other nodes' replicas are copied here. */
    copyRate?: number
    /** MB a second, at most, at which the replicas of what is led here are compared; 0 for not at all. */
    scrubRate?: number
    /** Where other processes ask it. */
    rpcHost: string
    rpcPort: number
    /** What they call that place, `host:port`, if it is something else. */
    advertise?: string
    tls?: Tls
    /** How often expired items are looked for, in milliseconds. */
    sweepMs?: number
    /** Where the changes of streams go. */
    publish?: PublishOptions
  }

/** `address`: where other processes ask it. */
export type RunningStorage = RunningNode & { address: string }

/** Closes the ground when it closes. Errors: OperatorError. */
export async function startStorage(
  options: StorageOptions,
  { metadata, ...ground }: Ground & { metadata: Metadata },
): Promise<RunningStorage> {
  const { node, zone, pool = DEFAULT_POOL, copyRate, scrubRate, tls, sweepMs, publish, logger } = options
  const ending = new Ending()
  return orEnd(ending, async () => {
    const base = await openBase(options, metadata, ending)
    const here = {
      leader: (partition: string) => host.leader(partition),
      replica: (partition: string) => host.replica(partition),
    }
    const { client, directory } = openNeighbourhood(base, { zone, tls, here }, ending)
    const neighbours = remoteNeighbours(client, name => directory.addressOf(name))
    const find = (partition: string) => directory.find(partition)
    const held = {
      node,
      find,
      neighbours,
      copyRate,
      scrubbing: scrubbingAt(scrubRate),
      formats: () => directory.formats(),
      sweepMs,
      publish: await toNats(base, publish),
    }
    const holding = holdPartitions(base, ground, held, ending)
    const { host } = holding
    const answering = { host: options.rpcHost, port: options.rpcPort, tls, node: host }
    const rpc = await startRpcServer({ ...base, ...answering })
    ending.add(() => rpc.close())
    await directory.start()
    const address = advertised(options, rpc.address)
    await holding.start({ node, address, zone, pool, role: 'storage', format: FORMAT })
    // For the names of what is measured.
    const tables = new Catalog({ ...base, leaders: directory, random: systemRandom }, base.realm, onOneNode(node, 1))
    ending.add(() => tables.stop())
    await tables.start()
    const calls = [...askingMetrics(client), ...answeringMetrics(rpc)]
    const metrics = scraper([...partitionMetrics({ ...holding.sources, tables }), ...calls])
    let closing = false
    const server = await listen(createStatusApp({ ready: () => !closing, metrics }), options)
    ending.add(() => server.close(0))
    logger.info({ node, zone, address }, 'this storage node serves')
    const close = () => {
      closing = true
      return ending.run()
    }
    return { endpoint: endpointOf(server), address, close }
  })
}

/** Errors: OperatorError, if nobody could reach it there. */
function advertised({ advertise, tls, rpcHost }: StorageOptions, address: string): string {
  const url = new URL(address)
  if (advertise === undefined && ['0.0.0.0', '::'].includes(rpcHost))
    throw new OperatorError(
      `Other nodes cannot reach this one at ${rpcHost}: say with --advertise under which address.`,
    )
  const [, host = url.hostname, port = url.port] = /^(.+?)(?::(\d+))?$/.exec(advertise ?? '') ?? []
  return `${tls ? 'https' : 'http'}://${host}:${port}`
}
