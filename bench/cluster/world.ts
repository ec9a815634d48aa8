/** A cluster of real processes for the bench, filled with a table; and what its processes use. */
import { setTimeout as sleep } from 'node:timers/promises'
import { TavolaCluster } from '../../scripts/cluster/tavola.ts'
import { ask } from '../client.ts'
import { cpuMicroseconds, drop, load, makeFolder, pinToServers } from '../process.ts'
import type { BenchTable } from '../workload.ts'

/** How long a process may take to serve, on a machine that has other things to do. */
const START_MS = 120_000

export type World = {
  cluster: TavolaCluster
  /** Of the server that is asked. */
  port: number
  /** Of the table. */
  partitions: number
  /** Of servers and storage nodes. */
  pids(): number[]
  stop(): Promise<void>
}

/** One server, and a table of three partitions, or as many as told. Errors: etcd and NATS are not here, and can't be had. */
export async function startWorld(
  options: { port: number; storageNodes: number; disk: string | undefined; partitions?: number; main?: string },
  table: BenchTable,
): Promise<World> {
  const { port, storageNodes, disk, partitions = 3, main } = options
  const folder = await makeFolder(disk)
  const cluster = await TavolaCluster.prepare({
    port,
    folder,
    storageNodes,
    servers: 1,
    partitions,
    main,
    patienceMs: START_MS,
  })
  await cluster.start()
  pinToServers(cluster.processes().flatMap(({ pid }) => pid ?? []))
  await load({ kind: 'fill', port, table })
  const pids = () =>
    cluster.processes().flatMap(({ role, pid }) => (role === 'etcd' || role === 'nats' ? [] : (pid ?? [])))
  const stop = async () => {
    await cluster.stop()
    await drop(folder)
  }
  return { cluster, port, partitions, pids, stop }
}

/** Entries that all logs of the cluster hold or held, as NATS counts messages. */
export async function appended({ cluster }: World): Promise<number> {
  const { hostname, port } = new URL(cluster.nats!.urls[0]!)
  const answer = await fetch(`http://${hostname}:${Number(port) + 2}/jsz?accounts=true&streams=true`)
  const { account_details: accounts = [] } = (await answer.json()) as {
    account_details?: { stream_detail?: { state: { last_seq: number } }[] }[]
  }
  const streams = accounts.flatMap(({ stream_detail: streams = [] }) => streams)
  return streams.reduce((sum, { state }) => sum + state.last_seq, 0)
}

/** Share of a core that the processes use for `seconds`. */
export async function busyShare(pids: number[], seconds: number): Promise<number> {
  const before = cpuMicroseconds(pids)
  await sleep(seconds * 1000)
  return (cpuMicroseconds(pids) - before) / 1e6 / seconds
}

/** Waits until the tables are there. */
export async function areActive(port: number, names: string[]): Promise<void> {
  for (const TableName of names)
    while (!/"TableStatus":"ACTIVE"/.test((await ask(port, 'DescribeTable', { TableName })).toString())) await sleep(50)
}
