/** What is said to, and asked of, a whole cluster: `tavola status`, `tavola drain`, `tavola undrain`. They speak to etcd. */
import { sleep, systemClock } from './base/clock.ts'
import { OperatorError } from './base/failure.ts'
import type { Logger } from './base/logger.ts'
import { untraced } from './base/tracer.ts'
import { lookAtCluster } from './cluster/looking.ts'
import { DRAINS, drainKey } from './cluster/records.ts'
import type { ClusterStatus } from './cluster/status.ts'
import { statusText } from './cluster/statustext.ts'
import type { AdminConfig } from './config.ts'
import type { Metadata } from './metadata/metadata.ts'
import { openMetadata, readTls } from './node/cluster.ts'
import { RpcClient } from './rpc/client.ts'
import { remoteReporters } from './rpc/neighbours.ts'

const LOOK_MS = 1000

/** Resolves with what is to be printed. Errors: OperatorError; MetadataUnavailable. */
export async function administer(config: AdminConfig, logger: Logger): Promise<string> {
  const tls = await readTls(config.tls)
  const metadata = await openMetadata(config, tls)
  const client = new RpcClient({ clock: systemClock, tracer: untraced, logger, tls })
  try {
    const look = () => lookFrom(metadata, client)
    if (config.role === 'status') return printed(await look(), config)
    if (config.role === 'undrain') return await undrain(metadata, config.target)
    return await drain(metadata, config, look)
  } finally {
    client.close()
    await metadata.close()
  }
}

function lookFrom(metadata: Metadata, client: RpcClient): Promise<ClusterStatus> {
  return lookAtCluster({ metadata, reporters: remoteReporters(client), clock: systemClock })
}

function printed(status: ClusterStatus, { json, partitions }: AdminConfig): string {
  return json ? `${JSON.stringify(status, undefined, 2)}\n` : statusText(status, partitions)
}

/** Errors: OperatorError, if there is no such node. */
async function drain(
  metadata: Metadata,
  { target: node, wait }: AdminConfig,
  look: () => Promise<ClusterStatus>,
): Promise<string> {
  const { nodes } = await look()
  if (!nodes.some(({ name }) => name === node))
    throw new OperatorError(`There is no storage node ${node}; there are ${nodes.map(({ name }) => name).join(', ')}.`)
  const value = JSON.stringify({ since: systemClock.now() })
  await metadata.commit({ guards: [{ key: drainKey(node), version: 0 }], puts: [{ key: drainKey(node), value }] })
  if (!wait) return `${node} is being drained: tavola status shows how far it is, tavola undrain ${node} ends it.\n`
  for (let told = ''; ; await sleep(systemClock, LOOK_MS)) {
    const { nodes, problems } = await look()
    const there = nodes.find(({ name }) => name === node)
    if (!there || there.empty) return `${node} is drained and holds nothing: it can be stopped.\n`
    const about = problems.find(({ what }) => what.startsWith(`${node} is being drained`))
    const line = about ? `${about.what}; ${about.doing}` : `${node} holds ${there.replicas} replicas`
    if (line !== told) console.log(line)
    told = line
  }
}

async function undrain(metadata: Metadata, node: string): Promise<string> {
  const drains = await metadata.list(DRAINS)
  if (!drains.some(({ key }) => key === drainKey(node))) return `${node} was not being drained.\n`
  await metadata.commit({ guards: [], deletes: [drainKey(node)] })
  return `${node} takes part again.\n`
}
