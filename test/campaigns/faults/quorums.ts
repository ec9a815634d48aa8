/** Members of etcd and nats-servers that die, lose their disks, and stand still. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './fault.ts'

const AWAY_MS = 4000
/** `npm run faults -- --etcd-away 60`, in seconds. */
export const etcdAway = { ms: 20_000 }

const SMALL = 'no request fails; stalls as long as elections take'

export const QUORUM_FAULTS: Record<string, Fault> = {
  'etcd-kill': {
    expects: SMALL,
    async play({ cluster }, random) {
      const member = random.pick(cluster.etcd.members)
      await member.kill()
      await sleep(AWAY_MS)
      await member.start()
      return member.name
    },
  },
  'etcd-empty': {
    expects: SMALL,
    async play({ cluster }, random) {
      const index = random.below(3)
      await cluster.etcd.members[index]!.kill()
      await sleep(AWAY_MS)
      return `${(await cluster.etcd.replace(index)).name}, replaced by an empty one`
    },
  },
  'etcd-away': {
    expects: 'leaders serve until their leases run out; all comes back by itself',
    async play({ cluster }) {
      for (const member of cluster.etcd.members) member.freeze()
      await sleep(etcdAway.ms)
      for (const member of cluster.etcd.members) member.resume()
      return `all members for ${etcdAway.ms / 1000} s`
    },
  },
  'nats-kill': {
    expects: SMALL,
    log: 'jetstream',
    async play({ cluster }, random) {
      const server = random.pick(cluster.nats!.servers)
      await server.kill()
      await sleep(AWAY_MS)
      await server.start()
      return server.name
    },
  },
  'nats-empty': {
    expects: SMALL,
    log: 'jetstream',
    async play({ cluster }, random) {
      const server = random.pick(cluster.nats!.servers)
      await server.kill()
      await cluster.nats!.wipe(server)
      await sleep(AWAY_MS)
      await server.start()
      return `${server.name}, which comes back empty`
    },
  },
}
