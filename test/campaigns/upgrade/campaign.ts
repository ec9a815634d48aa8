/**
 * Rolling upgrades, and a way back, on real processes under load by the AWS SDK: from one build to the next, node after node.
 * After each step all histories must be linearizable, and sums, indexes and streams be as the tables say.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../../../scripts/cluster/process.ts'
import { TavolaCluster } from '../../../scripts/cluster/tavola.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import type { Client } from '../faults/clients.ts'
import { Judge } from '../faults/judge.ts'
import { Load } from '../faults/load.ts'
import { PARTITIONS } from '../faults/table.ts'
import { randomOf } from '../random.ts'
import { Teller } from '../transactions/teller.ts'
import type { Build } from './builds.ts'

export type UpgradeOptions = {
  port: number
  log: 'jetstream' | 'etcd'
  seed: number
  before: Build
  now: Build
  next: Build
  report(line: string): void
}

const TELLERS = 2
const PEACE_MS = 1500
/** Whatever else the machine does. */
const PATIENCE_MS = 180_000
/** Leaders look every three seconds whether they may raise their format. */
const LOOKED_MS = 7000
const RAISED = 'all nodes read the later format'
const NEWER = 'of a newer Tavola'

/** @returns whether all was as it must be */
export async function runUpgrades(options: UpgradeOptions): Promise<boolean> {
  const { port, log, seed, before, report } = options
  const temp = await makeTempFolder()
  const builds = new Map<string, Build>()
  const main = (process: string) => (builds.get(process) ?? before).main
  // Replicas are compared all the while, fast; and a machine that others use too does not have leases run out.
  const environment = { TAVOLA_SCRUB_RATE: '100', TAVOLA_LEASE_SECONDS: '10', TAVOLA_LOG_LEVEL: 'info' }
  const cluster = await TavolaCluster.prepare({
    port,
    folder: temp.path,
    log,
    partitions: PARTITIONS,
    main,
    environment,
    patienceMs: PATIENCE_MS,
  })
  let isRight = true
  try {
    await cluster.start()
    const tellers = Array.from({ length: TELLERS }, (_, i) => new Teller(randomOf(seed, 100 + i)))
    const judge = await Judge.open(cluster.endpoints, tellers)
    const roll = new Roll(cluster, judge, builds, options, temp.path)
    try {
      await play(roll, options)
    } catch (error) {
      report(`WRONG: ${(error as Error).message}`)
      isRight = false
    } finally {
      judge.close()
    }
  } finally {
    await Promise.all([...cluster.servers, ...cluster.storage].map(server => server.kill()))
    await Promise.all([cluster.nats?.stop('SIGKILL'), cluster.etcd.stop('SIGKILL')])
  }
  if (isRight) await temp.remove()
  else report(`the files are kept in ${temp.path}`)
  return isRight
}

async function play(roll: Roll, { before, now, next }: UpgradeOptions): Promise<void> {
  const { storage, servers } = roll.cluster
  const [first, second, third] = storage as [Server, Server, Server]
  await roll.step('storage nodes to this build', storage, now)
  await roll.step('one of them back, and again', [second], before, now)
  for (const server of servers) await roll.step(`${server.name} to this build`, [server], now)
  for (const server of servers) await roll.step(`${server.name} to the next build`, [server], next)
  await roll.step('two storage nodes to the next build', [third, second], next)
  await sleep(LOOKED_MS)
  roll.expectNone(RAISED)
  await roll.step('one of them back, and again', [third], now, next)
  await roll.step('the last one to the next build', [first], next)
  await roll.until(RAISED)
  roll.expectNone(NEWER)
  // Its replicas stop; the others have all.
  await roll.step('one back, too late', [second], now)
  await roll.until(NEWER)
  await roll.step('and again to the next build', [second], next)
}

class Roll {
  readonly cluster: TavolaCluster
  readonly #judge: Judge
  readonly #builds: Map<string, Build>
  readonly #options: UpgradeOptions
  readonly #folder: string
  #steps = 0

  constructor(
    cluster: TavolaCluster,
    judge: Judge,
    builds: Map<string, Build>,
    options: UpgradeOptions,
    folder: string,
  ) {
    this.cluster = cluster
    this.#judge = judge
    this.#builds = builds
    this.#options = options
    this.#folder = folder
  }

  /** Under load by the servers that stay, each of the processes is restarted in each of the builds. Errors: what is not as it must be. */
  async step(what: string, processes: Server[], ...builds: Build[]): Promise<void> {
    const { seed, report } = this.#options
    const number = ++this.#steps
    const names = processes.map(({ name }) => name)
    const clients = this.#judge.clients.filter(({ server }: Client) => !names.includes(server))
    const load = new Load({ prefix: `u${number}`, seed: seed + number, clients, tellers: this.#judge.tellers })
    try {
      await sleep(PEACE_MS)
      for (const build of builds) {
        for (const process of processes) {
          this.#builds.set(process.name, build)
          await process.stop()
          await process.start()
          await load.recovered(PATIENCE_MS)
          await sleep(PEACE_MS)
        }
      }
    } finally {
      await load.stop()
    }
    await this.#judge.judge(load)
    const { requests, failures, failed, slowestMs } = load.tally
    report(`${what}: ${requests} requests, ${failed} failed, the slowest took ${Math.round(slowestMs)} ms`)
    if (failed > 0) throw new Error(`${what}: ${[...failures].map(([why, count]) => `${count} ${why}`).join(', ')}`)
    this.expectNone('the replicas of a partition are not the same')
  }

  /** Errors: a storage node has said so. */
  expectNone(text: string): void {
    const [said] = this.#said(text)
    if (said !== undefined) throw new Error(`it was not to be said: ${said}`)
  }

  /** Resolves once storage nodes have said so. Errors: they don't. */
  async until(text: string): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; this.#said(text).length === 0; await sleep(100))
      if (performance.now() > end) throw new Error(`nobody says "${text}"`)
    this.#options.report(`"${text}" is said`)
  }

  #said(text: string): string[] {
    const lines = this.cluster.storage.flatMap(({ name }) =>
      readFileSync(join(this.#folder, `${name}.log`), 'utf8').split('\n'),
    )
    return lines.filter(line => line.includes(text))
  }
}
