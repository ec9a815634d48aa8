/** The other storage nodes, as this one asks them. */
import { NotLeading } from '../replica/pipeline.ts'
import type { Neighbours } from '../replica/standing.ts'
import type { Asker } from './client.ts'
import { snapshotClose, snapshotNext, snapshotOpen, standings } from './methods/replicas.ts'

/** `addressOf`: undefined while the node is not known. */
export function remoteNeighbours(client: Asker, addressOf: (node: string) => string | undefined): Neighbours {
  const known = (node: string): string => {
    const address = addressOf(node)
    if (address === undefined) throw new NotLeading(`node ${node} is not there`)
    return address
  }
  return {
    standings: async (node, partitions) => client.ask(known(node), standings, '', partitions),
    snapshot: (node, partition) => receive(client, known(node), partition),
  }
}

async function* receive(client: Asker, address: string, partition: string): AsyncIterable<Uint8Array> {
  const sending = await client.ask(address, snapshotOpen, partition, undefined)
  try {
    while (true) {
      const chunk = await client.ask(address, snapshotNext, partition, sending)
      if (chunk === 'ended') return
      if (chunk !== 'soon') yield chunk
    }
  } finally {
    client.ask(address, snapshotClose, partition, sending).catch(() => {})
  }
}
