/** An operator in the test's own process, on the tests' Kubernetes: it can be cut off, slowed down, and broken off at any point. */

import { httpApi } from '../../operator/dataplane/api.ts'
import { connection } from '../../operator/kube/config.ts'
import { httpTransport, type Transport } from '../../operator/kube/transport.ts'
import { startOperator } from '../../operator/operator.ts'
import { type Logger, silent } from '../../server/base/logger.ts'
import type { RunningNode } from '../../server/node/base.ts'
import { openMetadata } from '../../server/node/cluster.ts'
import type { Kubernetes } from '../kubernetes/kubernetes.ts'
import { ETCD, type Installation, NAMESPACE } from './installation.ts'
import { Mortal } from './mortal.ts'

export type RunningOperator = RunningNode & {
  /** Whether it ended by itself, because it was not elected any more. */
  isLost(): boolean
}

export type OperatorSettings = {
  logger?: Logger
  /** Stands between the operator and the API server. */
  through?: (transport: Transport) => Transport
  /** Counts what it does, and breaks it off. */
  mortal?: Mortal
  electionSeconds?: number
  poolNodes?: number
  image?: string
}

export async function runOperator(
  kubernetes: Kubernetes,
  installation: Installation,
  settings: OperatorSettings = {},
): Promise<RunningOperator> {
  const {
    mortal = new Mortal(),
    logger = silent,
    through = transport => transport,
    electionSeconds = 15,
    poolNodes = 0,
    image = 'tavola',
  } = settings
  const transport = mortal.transport(through(httpTransport(await connection(kubernetes.kubeconfig))))
  const cluster = { etcd: [installation.etcd], prefix: 'tavola', leaseSeconds: 5, tls: undefined }
  const storage = { image, etcd: [ETCD], nats: [], log: 'etcd' as const, logReplicas: 1, prefix: 'tavola' }
  const region = 'us-east-1'
  let isLost = false
  const node = await startOperator(
    {
      ...{ api: installation.api, region, host: '127.0.0.1', port: 0, namespace: NAMESPACE, electionSeconds },
      ...{ poolNodes, poolSize: '1Gi', logger, storage: { ...storage, region, logLevel: 'info' } },
    },
    {
      metadata: mortal.metadata(await openMetadata(cluster, undefined)),
      api: mortal.api(httpApi({ endpoint: installation.api, region })),
      transport,
      lost: () => {
        isLost = true
      },
    },
  )
  return { ...node, isLost: () => isLost }
}
