/** Both ends of the wire in the test's process. */
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import type { WholeLeader } from '../../../server/cluster/leaders.ts'
import { RpcClient } from '../../../server/rpc/client.ts'
import { remoteLeader } from '../../../server/rpc/leader.ts'
import { LIMITS, type Limits } from '../../../server/rpc/limits.ts'
import type { StorageNode } from '../../../server/rpc/method.ts'
import { type RpcServer, startRpcServer } from '../../../server/rpc/server.ts'
import type { Tls } from '../../../server/rpc/tls.ts'
import { clock } from '../replica/fakes.ts'
import { nodeWith } from './standin.ts'

export type Wire = {
  server: RpcServer
  client: RpcClient
  /** The partition `p`, or another, as the client sees it. */
  remote(partition?: string): WholeLeader
  close(): Promise<void>
}

export type WireOptions = {
  node?: Partial<StorageNode>
  /** Of the client; and of the server, where they differ. */
  limits?: Partial<Limits>
  serverLimits?: Partial<Limits>
  port?: number
  tls?: Tls
  /** What the client shows, if it is something else. */
  clientTls?: Tls
}

/** `leader`: of the partition `p`. */
export async function connect(leader: WholeLeader | undefined, options: WireOptions = {}): Promise<Wire> {
  const { limits = {}, serverLimits = limits, tls, clientTls = tls, port = 0 } = options
  const shared = { clock, tracer: untraced, logger: silent }
  const server = await startRpcServer({
    host: '127.0.0.1',
    port,
    tls,
    node: { ...nodeWith(leader), ...options.node },
    limits: { ...LIMITS, ...serverLimits },
    ...shared,
  })
  const client = new RpcClient({ tls: clientTls, limits: { ...LIMITS, ...limits }, ...shared })
  const close = async () => {
    client.close()
    await server.close()
  }
  return { server, client, remote: (partition = 'p') => remoteLeader(client, server.address, partition), close }
}
