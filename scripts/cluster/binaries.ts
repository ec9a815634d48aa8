/** etcd and nats-server, built by Go from their own modules: distributions carry versions that are too old. */
import { join } from 'node:path'
import { fetched, present } from '../cache.ts'
import { goProgram } from '../goprogram.ts'

export type Binaries = { etcd: string; nats: string }

const ETCD = goProgram('etcd', '3.6.16', 'go.etcd.io/etcd/server/v3')
/** Older ones than 2.12.3 lose what they acknowledged in ways that the newer ones do not. */
const NATS = goProgram('nats-server', '2.15.2', 'github.com/nats-io/nats-server/v2')

/** Paths of the two programs, fetched if they are not here yet. Errors: they can't be had, with what is missing. */
export async function binaries(say: (line: string) => void = line => console.error(line)): Promise<Binaries> {
  try {
    const [etcd, nats] = [await fetched('cluster', ETCD, say), await fetched('cluster', NATS, say)]
    return { etcd: join(etcd, 'etcd'), nats: join(nats, 'nats-server') }
  } catch (error) {
    throw new Error(`etcd and nats-server are not here, and can't be built: ${(error as Error).message}. Have Go 1.25.`)
  }
}

/** The same if they are here. Errors: they are not. */
export function binariesHere(): Binaries {
  const [etcd, nats] = [present('cluster', ETCD), present('cluster', NATS)]
  if (etcd && nats) return { etcd: join(etcd, 'etcd'), nats: join(nats, 'nats-server') }
  throw new Error('etcd and nats-server are not here: scripts/fetch builds them, with Go 1.25')
}
