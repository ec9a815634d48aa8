/** A process that is an operator: it waits to be elected, then works until it is stopped or is not elected any more. */
import { hostname } from 'node:os'
import { type Clock, systemClock } from '../server/base/clock.ts'
import { OperatorError } from '../server/base/failure.ts'
import type { Logger } from '../server/base/logger.ts'
import { systemRandom } from '../server/base/random.ts'
import { createStatusApp } from '../server/http/status.ts'
import type { Metadata } from '../server/metadata/metadata.ts'
import { ACCOUNT, type RunningNode } from '../server/node/base.ts'
import { endpointOf, listen } from '../server/node/listening.ts'
import { scraper } from '../server/telemetry/scrape.ts'
import { type Api, httpApi } from './dataplane/api.ts'
import { Mappings } from './dataplane/mappings.ts'
import { Records } from './dataplane/records.ts'
import { KubeClient } from './kube/client.ts'
import { connection, ownNamespace } from './kube/config.ts'
import { Election } from './kube/election.ts'
import { recorder } from './kube/recorder.ts'
import { httpTransport, type Transport } from './kube/transport.ts'
import { operatorMetrics } from './metrics.ts'
import type { StorageSettings } from './specs/storage.ts'
import { Work } from './work.ts'

export type OperatorOptions = {
  /** Of a server's DynamoDB API. */
  api: string
  region: string
  /** Of health and metrics. */
  host: string
  port: number
  /** Where its Lease is, and the resources of tables made through the API; the pod's own if undefined. */
  namespace?: string
  kubeconfig?: string
  /** After which an elected one that is silent is replaced. */
  electionSeconds?: number
  storage: StorageSettings
  poolNodes: number
  poolSize: string
  poolStorageClass?: string
  logger: Logger
  resyncMs?: number
}

/** Ends the process that is not elected any more; what tests put in their place. */
export type OperatorPorts = {
  metadata: Metadata
  transport?: Transport
  api?: Api
  clock?: Clock
  /** Called once, when another one may have been elected: nothing is to be done any more. */
  lost(): void
}

const LEASE = 'tavola-operator'

/** Closes the metadata when it closes. Errors: OperatorError. */
export async function startOperator(options: OperatorOptions, ports: OperatorPorts): Promise<RunningNode> {
  const { logger, region, storage } = options
  const { metadata, clock = systemClock } = ports
  const namespace = options.namespace ?? namespaceOf(options.kubeconfig)
  const transport = ports.transport ?? httpTransport(await connected(options.kubeconfig))
  const client = new KubeClient(transport)
  const api = ports.api ?? httpApi({ endpoint: options.api, region })
  const identity = `${hostname()}_${systemRandom.uuid().slice(0, 8)}`
  const realm = { account: ACCOUNT, region }
  const records = new Records(metadata, realm)
  const mappings = new Mappings(metadata, realm, clock)
  const record = recorder(client, clock, logger, identity)
  const { poolNodes: nodes, poolSize: size, poolStorageClass: storageClassName } = options
  const usual = { namespace, nodes, size, ...(storageClassName !== undefined && { storageClassName }) }
  const seen = { records, mappings, record }
  const work = new Work({ client, api, ...seen, clock, logger }, { storage, usual, resyncMs: options.resyncMs })
  let isElected = false
  let hasBegun = false
  const elected = () => {
    isElected = hasBegun = true
    logger.info({ identity }, 'this operator is elected')
    work.start().catch(error => {
      logger.error({ err: error }, 'the operator could not begin')
      ports.lost()
    })
  }
  const lost = () => {
    isElected = false
    logger.error({ identity }, 'this operator is not elected any more')
    ports.lost()
  }
  const { electionSeconds: leaseSeconds } = options
  const election = new Election(
    { client, clock, logger },
    { namespace, name: LEASE, identity, leaseSeconds },
    elected,
    lost,
  )
  const metrics = scraper(operatorMetrics(work, () => isElected))
  const server = await listen(createStatusApp({ ready: () => true, metrics }), options)
  election.start()
  return {
    endpoint: endpointOf(server),
    async close() {
      if (hasBegun) await work.stop()
      await election.stop()
      await server.close(0)
      await metadata.close()
    },
  }
}

async function connected(kubeconfig: string | undefined) {
  try {
    return await connection(kubeconfig)
  } catch (error) {
    throw new OperatorError(`Kubernetes cannot be reached: ${(error as Error).message}.`)
  }
}

function namespaceOf(kubeconfig: string | undefined): string {
  try {
    return ownNamespace(kubeconfig)
  } catch (error) {
    throw new OperatorError(`The kubeconfig cannot be read: ${(error as Error).message}.`)
  }
}
