/** The other processes of the cluster, as this one finds and asks them. */
import type { Metadata } from '../metadata/metadata.ts'
import { RpcClient } from '../rpc/client.ts'
import { Directory, type DirectoryPorts } from '../rpc/directory.ts'
import type { Tls } from '../rpc/tls.ts'
import type { Base } from './base.ts'
import type { Ending } from './ending.ts'

export type Neighbourhood = { client: RpcClient; directory: Directory }

/** `here`: what is in this process itself. */
export function openNeighbourhood(
  base: Base & { metadata: Metadata },
  { zone, tls, here }: { zone: string; tls: Tls | undefined; here: DirectoryPorts['here'] },
  ending: Ending,
): Neighbourhood {
  const client = new RpcClient({ ...base, tls })
  ending.add(() => client.close())
  const directory = new Directory({ metadata: base.metadata, client, zone, here })
  ending.add(() => directory.stop())
  return { client, directory }
}
