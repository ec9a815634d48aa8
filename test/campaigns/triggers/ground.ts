/** What the campaign runs on, and breaks: one process with a nats-server, or a whole cluster. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { binariesHere } from '../../../scripts/cluster/binaries.ts'
import { NatsCluster } from '../../../scripts/cluster/nats.ts'
import { freePorts } from '../../../scripts/cluster/ports.ts'
import { Server } from '../../../scripts/cluster/process.ts'
import { TavolaCluster } from '../../../scripts/cluster/tavola.ts'
import type { Random } from '../random.ts'

export type Ground = {
  /** Where Tavola serves; one that was killed does not for a while. */
  endpoints: string[]
  nats: string[]
  /** Kills one process, and starts it again. @returns its name */
  breakOne(choices: Random): Promise<string>
  stop(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../../../bin/tavola.js', import.meta.url))
const CLUSTER_PORTS = 60
/** The table has more: its partition is split while changes come. */
const SPLITTING = { partitions: 1, 'split-bytes': 3000 }

export async function oneProcess(folder: string): Promise<Ground> {
  const port = await freePorts(5)
  const nats = new NatsCluster({ binary: binariesHere().nats, folder: `${folder}/nats`, port: port + 1, servers: 1 })
  await nats.start()
  const endpoint = `http://127.0.0.1:${port}`
  const flags = { port, 'data-dir': `${folder}/data`, nats: nats.urls.join(), 'changes-replicas': 1, ...SPLITTING }
  const tavola = new Server({
    name: 'tavola',
    command: [process.execPath, MAIN, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)],
    log: `${folder}/tavola.log`,
    ready: async () => (await fetch(`${endpoint}/readyz`, { signal: AbortSignal.timeout(1000) })).ok,
  })
  await tavola.start()
  const victims = [tavola, tavola, nats.servers[0]!]
  const stop = async () => {
    await tavola.stop()
    await nats.stop('SIGKILL')
  }
  return { endpoints: [endpoint], nats: nats.urls, stop, breakOne: choices => kill(choices.pick(victims), choices) }
}

export async function wholeCluster(folder: string): Promise<Ground> {
  const cluster = await TavolaCluster.prepare({ port: await freePorts(CLUSTER_PORTS), folder, partitions: 3 })
  await cluster.start()
  const nats = cluster.nats!
  const victims = (choices: Random) => choices.pick([cluster.servers, cluster.servers, cluster.storage, nats.servers])
  return {
    endpoints: cluster.endpoints,
    nats: nats.urls,
    breakOne: choices => kill(choices.pick(victims(choices)), choices),
    stop: () => cluster.stop(),
  }
}

async function kill(server: Server, choices: Random): Promise<string> {
  await server.stop('SIGKILL')
  await sleep(choices.between(0, 3000))
  server.launch()
  await server.serves()
  return server.name
}
