/**
 * The campaign of faults: a cluster of real processes under load by the AWS SDK, and one fault after the other. After each, all
 * histories must be linearizable, and sums, indexes and streams be as the tables say.
 */
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, randomOf } from '../random.ts'
import { Teller } from '../transactions/teller.ts'
import { FAULTS } from './faults.ts'
import { Judge } from './judge.ts'
import { Load, type LoadOptions } from './load.ts'
import { Site, type SiteOptions } from './site.ts'

export type FaultCampaign = SiteOptions & {
  /** Names, in their order. */
  faults: string[]
  seed: number
  /** Between the requests of each client. */
  paceMs?: number
  /** Ends with the first that is wrong. */
  untilWrong?: boolean
  /** Removes the files also if something is wrong. */
  tidy?: boolean
  report(line: string): void
}

/** What was seen of one fault. `wrong`: undefined if all was as it must be. */
export type Sight = {
  fault: string
  whom: string
  requests: number
  failures: Map<string, number>
  /** By server. */
  stallMs: Map<string, { reads: number; writes: number }>
  slowestMs: number
  /** Until streams and indexes agreed with their tables, when nothing was asked any more. */
  settledMs: number
  wrong: string | undefined
}

const TELLERS = 2
const PEACE_MS = 1000
const RECOVERY_MS = 60_000

/** After a wrong sight the next fault gets a new cluster. */
export async function runFaultCampaign(campaign: FaultCampaign): Promise<Sight[]> {
  const { faults, seed, report } = campaign
  const random = randomOf(seed, 0)
  const sights: Sight[] = []
  let stage: Stage | undefined
  try {
    for (const [number, fault] of faults.entries()) {
      stage ??= await open(campaign)
      const load = { prefix: `f${number + 1}`, seed: seed + number, paceMs: campaign.paceMs }
      const sight = await play(stage, fault, random, load)
      sights.push(sight)
      report(lineOf(sight))
      if (sight.wrong === undefined) continue
      if (!campaign.tidy) report(`the files are kept in ${dirname(stage.site.folder)}`)
      await close(stage, !campaign.tidy)
      stage = undefined
      if (campaign.untilWrong) break
    }
  } finally {
    if (stage) await close(stage, false)
  }
  return sights
}

type Stage = { site: Site; judge: Judge }

async function open({ seed, ...options }: FaultCampaign): Promise<Stage> {
  const site = await Site.open(options)
  const tellers = Array.from({ length: TELLERS }, (_, i) => new Teller(randomOf(seed, 100 + i)))
  return { site, judge: await Judge.open(site.cluster.endpoints, tellers) }
}

async function close({ site, judge }: Stage, keep: boolean): Promise<void> {
  judge.close()
  await site.close(keep)
}

async function play(
  { site, judge }: Stage,
  fault: string,
  random: Random,
  options: Omit<LoadOptions, 'clients' | 'tellers'>,
): Promise<Sight> {
  const load = new Load({ ...options, clients: judge.clients, tellers: judge.tellers })
  let [whom, settledMs, wrong] = ['', 0, undefined as string | undefined]
  try {
    await sleep(PEACE_MS)
    whom = await FAULTS[fault]!.play(site, random)
    await load.recovered(RECOVERY_MS)
    await sleep(PEACE_MS)
    await load.stop()
    settledMs = await judge.judge(load)
  } catch (error) {
    wrong = (error as Error).message
    await load.stop().catch(() => {})
  }
  return {
    fault,
    whom,
    requests: load.tally.requests,
    failures: load.tally.failures,
    stallMs: stallsOf(load),
    slowestMs: load.tally.slowestMs,
    settledMs,
    wrong,
  }
}

function stallsOf({ probes }: Load): Sight['stallMs'] {
  const stalls: Sight['stallMs'] = new Map()
  for (const { server, reads, writes } of probes) {
    const before = stalls.get(server) ?? { reads: 0, writes: 0 }
    stalls.set(server, {
      reads: Math.max(before.reads, reads.longestMs),
      writes: Math.max(before.writes, writes.longestMs),
    })
  }
  return stalls
}

function lineOf({ fault, whom, requests, failures, stallMs, slowestMs, settledMs, wrong }: Sight): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
  const failed = [...failures].map(([why, count]) => `${count} ${why}`).join(', ') || 'none failed'
  const stalls = [...stallMs].map(([server, { reads, writes }]) => `${server} ${seconds(reads)}/${seconds(writes)}`)
  return `${fault} of ${whom}: ${requests} requests, ${failed}; longest stall of reads/writes by ${stalls.join(', ')}; slowest ${seconds(slowestMs)}; settled in ${seconds(settledMs)}: ${wrong ?? 'all as it must be'}`
}
