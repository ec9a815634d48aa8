/** Clusters that a log lies on, and what can happen to them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../server/base/clock.ts'
import { EtcdLogStore } from '../../../server/log/etcd/etcd.ts'
import { JetStreamLogStore } from '../../../server/log/jetstream/jetstream.ts'
import type { LogStore } from '../../../server/log/log.ts'
import { startEtcd, startNats } from '../../helpers/cluster.ts'

export const FAULTS = ['kill', 'freeze', 'wipe'] as const
/** A server dies; stands still; dies and comes back with an empty disk. Each is over after some seconds. */
export type Fault = (typeof FAULTS)[number]

export type Subject = {
  name: string
  open(): Promise<LogStore>
  /** Does it to one of three servers, and resolves when that is as before. */
  hurt(server: number, fault: Fault): Promise<void>
  /** Kills all servers at once, and starts them again. */
  killAll(): Promise<void>
  remove(): Promise<void>
}

/** How long a server is away. */
const AWAY_MS = 2500

export async function jetstreamSubject(): Promise<Subject> {
  const cluster = await startNats()
  return {
    name: 'jetstream',
    open: () => JetStreamLogStore.open({ servers: cluster.urls, prefix: 'faults', replicas: 3, clock: systemClock }),
    async hurt(index, fault) {
      const server = cluster.servers[index]!
      if (fault === 'freeze') return frozen(server)
      await server.kill()
      if (fault === 'wipe') await cluster.wipe(server)
      await sleep(AWAY_MS)
      await server.start()
    },
    async killAll() {
      await cluster.stop('SIGKILL')
      await cluster.start()
    },
    remove: () => cluster.remove(),
  }
}

export async function etcdSubject(): Promise<Subject> {
  const cluster = await startEtcd()
  return {
    name: 'etcd',
    open: () => EtcdLogStore.open({ endpoints: cluster.urls, prefix: '/faults/' }),
    async hurt(index, fault) {
      const member = cluster.members[index]!
      if (fault === 'freeze') return frozen(member)
      await member.kill()
      await sleep(AWAY_MS)
      if (fault === 'wipe') await cluster.replace(index)
      else await member.start()
    },
    async killAll() {
      await cluster.stop('SIGKILL')
      await cluster.start()
    },
    remove: () => cluster.remove(),
  }
}

async function frozen(server: { freeze(): void; resume(): void; serves(): Promise<void> }): Promise<void> {
  server.freeze()
  await sleep(AWAY_MS)
  server.resume()
  await server.serves()
}
