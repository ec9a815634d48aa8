/** The other storage nodes, as this process asks them. */
import type { Reporters } from '../cluster/report.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { Neighbours } from '../replica/standing.ts'
import type { Asker } from './client.ts'
import {
  chain,
  digest,
  distrust,
  expect,
  report,
  snapshotClose,
  snapshotNext,
  snapshotOpen,
  standings,
  succeed,
} from './methods/replicas.ts'

/** Undefined while the node is not known. */
export type AddressOf = (node: string) => string | undefined

export function remoteNeighbours(client: Asker, addressOf: AddressOf): Neighbours {
  return {
    standings: async (node, partitions) => client.ask(known(addressOf, node), standings, '', partitions),
    snapshot: (node, partition) => receive(client, known(addressOf, node), partition),
    chain: async (node, partition, position) => client.ask(known(addressOf, node), chain, partition, position),
    digest: async (node, partition, question) => client.ask(known(addressOf, node), digest, partition, question),
    distrust: async (node, partition, finding) => client.ask(known(addressOf, node), distrust, partition, finding),
    expect: async (node, partition) => client.ask(known(addressOf, node), expect, partition, undefined),
    succeed: async (node, partition, succession) => client.ask(known(addressOf, node), succeed, partition, succession),
  }
}

export function remoteReporters(client: Asker): Reporters {
  return {
    report: async ({ node, address }) =>
      client.ask(
        known(() => address, node),
        report,
        '',
        undefined,
      ),
  }
}

function known(addressOf: AddressOf, node: string): string {
  const address = addressOf(node)
  if (address === undefined) throw new NotLeading(`node ${node} is not there`)
  return address
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
