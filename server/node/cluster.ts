/** The adapters of a cluster: metadata in etcd, the partitions' logs in NATS JetStream or in etcd. */
import { readFile } from 'node:fs/promises'
import { systemClock } from '../base/clock.ts'
import { OperatorError } from '../base/failure.ts'
import { MADE } from '../cluster/records.ts'
import { EtcdLogStore } from '../log/etcd/etcd.ts'
import { JetStreamLogStore } from '../log/jetstream/jetstream.ts'
import { type LogStore, LogUnavailable } from '../log/log.ts'
import { EtcdMetadata } from '../metadata/etcd/etcd.ts'
import { type Metadata, MetadataUnavailable } from '../metadata/metadata.ts'
import { type Tls, tlsOptions } from '../rpc/tls.ts'
import { ThreadCheckpointer } from '../store/checkpointer.ts'
import { partitionsFolder } from './disk.ts'
import type { Ground } from './holding.ts'
import { tlsFailure } from './tlsfailure.ts'

/** Paths of PEM files. */
export type TlsFiles = { ca: string; certificate: string; key: string }

export type ClusterOptions = {
  etcd: string[]
  /** All that is the cluster's is named after it, in etcd and in NATS. */
  prefix: string
  leaseSeconds: number
  tls: TlsFiles | undefined
}

export type LogOptions = {
  log: 'jetstream' | 'etcd'
  nats?: string[]
  /** Of each JetStream stream. */
  logReplicas: number
  dataDir: string
}

/** Errors: OperatorError. */
export async function readTls(files: TlsFiles | undefined): Promise<Tls | undefined> {
  if (!files) return undefined
  const read = (path: string) =>
    readFile(path).catch((error: Error) => {
      throw new OperatorError(`The file ${path} cannot be read: ${error.message}.`)
    })
  const tls = { ca: await read(files.ca), certificate: await read(files.certificate), key: await read(files.key) }
  const { createSecureContext } = await import('node:tls')
  try {
    createSecureContext(tlsOptions(tls))
    return tls
  } catch (error) {
    const { ca, certificate, key } = files
    throw new OperatorError(
      `The certificates can't be used (${(error as Error).message}): see that ${certificate} and ${key} make a pair, and that these and ${ca} are PEM.`,
    )
  }
}

/** Errors: OperatorError, if no member of etcd answers. */
export async function openMetadata(options: ClusterOptions, tls: Tls | undefined): Promise<Metadata> {
  const { etcd: endpoints, prefix, leaseSeconds } = options
  const metadata = new EtcdMetadata({
    ...etcdOptions(options, tls),
    prefix: `${prefix}/`,
    leaseSeconds,
    clock: systemClock,
  })
  try {
    await metadata.get('version')
    return metadata
  } catch (error) {
    await metadata.close()
    if (!(error instanceof MetadataUnavailable)) throw error
    const reason = (await refused(endpoints, 'https:', tls)) ?? error.message
    throw new OperatorError(
      `etcd cannot be reached at ${endpoints.join(', ')} (${reason}). See that it runs, that most of its members do, and that --etcd says where.`,
    )
  }
}

/** Errors: OperatorError, if the log can't be reached, or the data folder not be used. */
export async function openGround(
  options: ClusterOptions & LogOptions,
  metadata: Metadata,
  tls: Tls | undefined,
): Promise<Ground> {
  const folder = await partitionsFolder(options.dataDir)
  const logs = await openLogs(options, metadata, tls)
  return { logs, checkpointer: new ThreadCheckpointer(), folder, seen: { folder: options.dataDir } }
}

async function openLogs(
  options: ClusterOptions & LogOptions,
  metadata: Metadata,
  tls: Tls | undefined,
): Promise<LogStore> {
  const { log, prefix, nats = [], logReplicas: replicas, tls: files, etcd } = options
  const made = async (partition: string) => (await metadata.list(MADE + partition)).length > 0
  try {
    if (log === 'etcd') return await EtcdLogStore.open({ ...etcdOptions(options, tls), prefix: `${prefix}-log/`, made })
    const natsTls = files && { caFile: files.ca, certFile: files.certificate, keyFile: files.key }
    const secured = nats.some(url => url.startsWith('tls:')) ? { tls: natsTls } : {}
    return await JetStreamLogStore.open({ servers: nats, ...secured, prefix, replicas, clock: systemClock, made })
  } catch (error) {
    if (!(error instanceof LogUnavailable)) throw error
    const [name, places] = log === 'etcd' ? ['etcd', etcd] : ['NATS', nats]
    // nats-server begins in the clear, so that its handshake can't be tried like this.
    const reason = (log === 'etcd' && (await refused(places, 'https:', tls))) || error.message
    throw new OperatorError(
      `The log in ${name} cannot be reached at ${places.join(', ')} (${reason}). See that it runs${log === 'etcd' ? '' : ' with JetStream'}, and that --${log === 'etcd' ? 'etcd' : 'nats'} says where.`,
    )
  }
}

/** Certificates are shown where the URLs ask for them. */
function etcdOptions({ etcd: endpoints }: ClusterOptions, tls: Tls | undefined) {
  return { endpoints, ...(endpoints.some(url => url.startsWith('https:')) && { tls }) }
}

/** The first reason why one of the URLs that begin with `protocol` can't be reached over TLS, if that is why. */
async function refused(urls: string[], protocol: string, tls: Tls | undefined): Promise<string | undefined> {
  for (const url of urls.filter(url => url.startsWith(protocol))) {
    const reason = await tlsFailure(url, tls)
    if (reason) return reason
  }
  return undefined
}
