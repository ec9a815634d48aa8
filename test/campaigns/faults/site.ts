/** A cluster of real processes, and what the campaign does to it. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../../../scripts/cluster/process.ts'
import { TavolaCluster } from '../../../scripts/cluster/tavola.ts'
import { systemClock } from '../../../server/base/clock.ts'
import {
  drainKey,
  holdersOf,
  LEADERS,
  type LeaderRecord,
  PARTITIONS as PARTITION_RECORDS,
  parsePartition,
  tableKey,
} from '../../../server/cluster/records.ts'
import { EtcdMetadata } from '../../../server/metadata/etcd/etcd.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { makeTempFolder, type TempFolder } from '../../helpers/temp.ts'
import { TABLE } from '../crash/api.ts'
import { isInBox } from './box.ts'
import { Disk } from './disk.ts'
import { Network } from './network.ts'
import { Resharder } from './resharder.ts'
import { PARTITIONS } from './table.ts'

export type SiteOptions = {
  port: number
  log: 'jetstream' | 'etcd'
  /** Another `bin/tavola.js`. */
  main?: string
}

const ZONES = 3
const REALM = { account: '123456789012', region: 'us-east-1' }
const OWN_WEIGHT = 100
/** Each takes some seconds. */
const METADATA_TRIES = 3
/** For all of a node's replicas to be elsewhere, however busy the machine is. */
const EMPTY_MS = 300_000
const LOOK_MS = 200
/** The whole cluster's, and that of the last storage node alone. */
const DISK_MB = { all: 4096, small: 192 }

export class Site {
  readonly cluster: TavolaCluster
  /** These two in the box alone (box.ts). */
  readonly network: Network | undefined
  readonly disks: { all: Disk; small: Disk } | undefined
  readonly folder: string
  readonly log: SiteOptions['log']
  readonly #temp: TempFolder
  readonly #metadata: EtcdMetadata

  /** All of it runs. */
  static async open({ port, log, main }: SiteOptions): Promise<Site> {
    const temp = await makeTempFolder()
    const folder = join(temp.path, 'cluster')
    mkdirSync(folder)
    const network = isInBox ? await Network.open(ZONES) : undefined
    const disks = isInBox ? disksIn(temp.path, folder) : undefined
    const options = { port, folder, log, main, partitions: PARTITIONS, zones: network?.zones }
    const cluster = await TavolaCluster.prepare(options)
    const site = new Site(cluster, { network, disks, temp, folder, log })
    await cluster.start()
    return site
  }

  private constructor(
    cluster: TavolaCluster,
    { network, disks, temp, folder, log }: Pick<Site, 'network' | 'disks' | 'folder' | 'log'> & { temp: TempFolder },
  ) {
    this.cluster = cluster
    this.network = network
    this.disks = disks
    this.folder = folder
    this.log = log
    this.#temp = temp
    const options = { endpoints: cluster.etcd.urls, prefix: 'tavola/', leaseSeconds: 5, clock: systemClock }
    this.#metadata = new EtcdMetadata(options)
  }

  /** All processes. */
  get servers(): Server[] {
    const { servers, storage, spare, etcd, nats } = this.cluster
    return [...servers, ...storage, spare, ...etcd.members, ...(nats?.servers ?? [])]
  }

  /** Storage nodes that run, those first that lead most of the partitions: of the registers' table, then of all. */
  async byLeaderships(): Promise<Server[]> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#byLeaderships()
      } catch (error) {
        if (tries === METADATA_TRIES) throw error
      }
    }
  }

  async #byLeaderships(): Promise<Server[]> {
    const records = (await this.#metadata.list(PARTITION_RECORDS)).map(({ value }) => parsePartition(value))
    const registers = (await this.#metadata.get(tableKey(REALM, TABLE)))?.value
    const tableId = registers && (JSON.parse(registers) as TableRecord).id
    const own = new Set(records.filter(record => record.tableId === tableId).map(({ id }) => id))
    const led = new Map<string, number>()
    for (const { key, value } of await this.#metadata.list(LEADERS)) {
      const { node } = JSON.parse(value) as LeaderRecord
      const weight = own.has(key.slice(LEADERS.length)) ? OWN_WEIGHT : 1
      led.set(node, (led.get(node) ?? 0) + weight)
    }
    const count = ({ name }: Server) => led.get(name) ?? 0
    return this.cluster.storage.filter(({ pid }) => pid).sort((a, b) => count(b) - count(a))
  }

  /** What has the registers' table split and merged. */
  resharder(): Promise<Resharder> {
    return Resharder.open(this.#metadata, REALM)
  }

  /** The node is to hold nothing. */
  async drain({ name }: Server): Promise<void> {
    const value = JSON.stringify({ since: systemClock.now() })
    await this.#metadata.commit({ guards: [], puts: [{ key: drainKey(name), value }] })
  }

  async undrain({ name }: Server): Promise<void> {
    await this.#metadata.commit({ guards: [], deletes: [drainKey(name)] })
  }

  /** Resolves once no partition is there, nor to be. Errors: it takes too long. */
  async emptied({ name }: Server): Promise<void> {
    for (const end = performance.now() + EMPTY_MS; ; await sleep(LOOK_MS)) {
      const records = (await this.#metadata.list(PARTITION_RECORDS)).map(({ value }) => parsePartition(value))
      const held = records.filter(record => holdersOf(record).includes(name))
      if (held.length === 0) return
      if (performance.now() > end) throw new Error(`${name} is drained, and has ${held.length} replicas, still`)
    }
  }

  /** `keep` leaves the files, for who wants to see what happened: the logs as they are, the rest in a disk's image, if there is one. */
  async close(keep: boolean): Promise<void> {
    await this.#metadata.close()
    await Promise.all(this.servers.map(server => server.kill()))
    if (keep) for (const { file, name } of logsIn(this.folder)) copyFileSync(file, join(this.#temp.path, name))
    await this.disks?.small.unmount()
    await this.disks?.all.unmount()
    this.network?.close()
    if (!keep) await this.#temp.remove()
  }
}

function logsIn(folder: string): { file: string; name: string }[] {
  const files = ['', 'etcd', 'nats']
    .filter(part => existsSync(join(folder, part)))
    .flatMap(part => readdirSync(join(folder, part)).map(name => join(folder, part, name)))
  return files.filter(file => file.endsWith('.log')).map(file => ({ file, name: basename(file) }))
}

function disksIn(images: string, folder: string): { all: Disk; small: Disk } {
  const all = Disk.make(join(images, 'all.ext4'), folder, DISK_MB.all)
  return { all, small: Disk.make(join(images, 'small.ext4'), join(folder, `storage-${ZONES}`), DISK_MB.small) }
}
