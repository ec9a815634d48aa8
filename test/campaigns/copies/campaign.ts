/**
 * The copies' campaign: a random workload on a real process; in its pauses the table is looked at, and then it goes on while a
 * backup of the pause is restored, the table restored to the pause's time, exported as of it, and an earlier export imported.
 * `kill -9` comes in between. Back again, every copy must be what the table was in the pause, or not be there at all.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnTavola, type TavolaProcess } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { type Api, apiOf, CutOff, TABLE } from '../crash/api.ts'
import { loadBallast } from '../crash/ballast.ts'
import { CREATE } from '../crash/campaign.ts'
import { checkTable } from '../crash/check.ts'
import { Writer } from '../crash/writer.ts'
import { type Random, randomOf } from '../random.ts'
import { BUCKET, exportAt, importOf, type Job, restore, restoreTo, settled } from './jobs.ts'
import { rowsOf, type Whole, wholeOf } from './table.ts'

export type CopiesOptions = { rounds: number; seed: number; report(line: string): void }

type Export = { id: string; wanted: Whole }

type Campaign = {
  buckets: string
  writers: Writer[]
  choices: Random
  /** What was asked for when the last process died, by name. */
  jobs: Map<string, Job>
  /** Of all rounds: how many copies were checked, and how many had not begun. */
  counts: { done: number; notBegun: number }
  exported: Export | undefined
}

/** Errors: the first thing that is not as it must be. */
export async function runCopiesCampaign({ rounds, seed, report }: CopiesOptions): Promise<Campaign['counts']> {
  const folder = await makeTempFolder()
  const campaign: Campaign = {
    buckets: join(folder.path, 'buckets'),
    writers: Array.from({ length: 4 }, (_, id) => new Writer(id, randomOf(seed, id + 1))),
    choices: randomOf(seed, 0),
    jobs: new Map(),
    counts: { done: 0, notBegun: 0 },
    exported: undefined,
  }
  await mkdir(join(campaign.buckets, BUCKET), { recursive: true })
  for (let round = 0; round <= rounds; round++) {
    const server = await spawnTavola(['--data-dir', folder.path, '--partitions', '2'])
    try {
      const api = apiOf(server.endpoint)
      if (round === 0) await begin(api, campaign)
      await checkJobs(api, campaign, report)
      if (round < rounds) await oneRound(api, server, campaign, round)
      await server.kill('SIGKILL')
    } catch (error) {
      await server.kill('SIGKILL')
      throw new Error(
        `round ${round} of seed ${seed} (data kept in ${folder.path}): ${(error as Error).message}\n${server.stderr()}`,
      )
    }
  }
  await folder.remove()
  return campaign.counts
}

async function begin(api: Api, { writers }: Campaign): Promise<void> {
  await api('CreateTable', CREATE)
  await loadBallast(api)
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
  await api('UpdateContinuousBackups', { TableName: TABLE, PointInTimeRecoverySpecification })
  const isProtected = async () =>
    JSON.stringify(await api('DescribeContinuousBackups', { TableName: TABLE })).includes('EarliestRestorable')
  while (!(await isProtected())) await sleep(50)
  await work(api, writers, sleep(500))
}

async function checkJobs(api: Api, { jobs, counts }: Campaign, report: (line: string) => void): Promise<void> {
  for (const [name, job] of jobs) {
    const outcome = await job.check(api)
    counts[outcome === 'done' ? 'done' : 'notBegun'] += 1
    report(`${name}: ${outcome}`)
  }
  jobs.clear()
}

async function oneRound(api: Api, server: TavolaProcess, campaign: Campaign, round: number): Promise<void> {
  const { writers, choices, buckets, jobs, exported } = campaign
  await checkTable(api, writers)
  const wanted = wholeOf(await rowsOf(api, TABLE))
  const time = Date.now()
  await sleep(2)
  const { BackupArn } = (await api('CreateBackup', { TableName: TABLE, BackupName: `round-${round}` }))
    .BackupDetails as unknown as { BackupArn: string }
  const request = { BackupArn }
  for (let status = ''; status !== 'AVAILABLE'; ) {
    const description = await settled(api, 'DescribeBackup', request, 'BackupDescription', 'BackupStatus')
    status = (description.BackupDetails as unknown as { BackupStatus: string }).BackupStatus
  }
  jobs.set('restore', restore(`restored-${round}`, BackupArn, wanted))
  jobs.set('restore to a time', restoreTo(`restored-to-${round}`, time, wanted))
  const done = (id: string) => (campaign.exported = { id, wanted })
  jobs.set('export', exportAt(buckets, `round-${round}`, time, wanted, done))
  if (exported) jobs.set('import', importOf(`imported-${round}`, exported.id, exported.wanted))
  const asked = [...jobs.values()].map(job => job.ask(api).catch(unlessCutOff))
  const end = sleep(choices.between(0, 1800)).then(() => server.kill('SIGKILL'))
  await work(api, writers, end)
  await Promise.all(asked)
}

/** Writes until `end`. */
async function work(api: Api, writers: Writer[], end: Promise<unknown>): Promise<void> {
  let stopped = false
  const working = Promise.all(writers.map(writer => writer.run(api, 300, () => stopped)))
  await Promise.race([end, working])
  stopped = true
  await Promise.all([end, working])
}

function unlessCutOff(error: Error): void {
  if (!(error instanceof CutOff)) throw error
}
