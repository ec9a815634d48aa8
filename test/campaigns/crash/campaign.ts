/**
 * The crash campaign: concurrent writers on a real process, `kill -9` at a random moment, restart, and everything that was
 * acknowledged must be there, nothing may be half there, and every index must equal the table. Over and over on one folder.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnTavola, type TavolaProcess } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { type Random, randomOf } from '../random.ts'
import { type Api, apiOf, CutOff, TABLE } from './api.ts'
import { loadBallast } from './ballast.ts'
import { checkIndexes, checkTable, describeIndexes, INDEXES, LATE_INDEX, lateIndexBuilt } from './check.ts'
import { Writer } from './writer.ts'

export type CampaignOptions = { rounds: number; seed: number; writers?: number; report(line: string): void }

const attribute = (name: string, type = 'S') => ({ AttributeName: name, AttributeType: type })
const key = (name: string, type = 'HASH') => ({ AttributeName: name, KeyType: type })

export const CREATE = {
  TableName: TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [attribute('pk'), attribute('sk', 'N'), attribute('color'), attribute('category')],
  KeySchema: [key('pk'), key('sk', 'RANGE')],
  LocalSecondaryIndexes: [
    { IndexName: 'Local', KeySchema: [key('pk'), key('color', 'RANGE')], Projection: { ProjectionType: 'ALL' } },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'ByColor',
      KeySchema: [key('color'), key('sk', 'RANGE')],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
    { IndexName: 'ByCategory', KeySchema: [key('category')], Projection: { ProjectionType: 'ALL' } },
  ],
}

const ADD_INDEX = {
  TableName: TABLE,
  AttributeDefinitions: [attribute('version', 'N')],
  GlobalSecondaryIndexUpdates: [
    {
      Create: {
        IndexName: LATE_INDEX.name,
        KeySchema: [key('version')],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['category'] },
      },
    },
  ],
}

const REMOVE_INDEX = { TableName: TABLE, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: LATE_INDEX.name } }] }

/** Runs the rounds; resolves with the number of acknowledged writes. Errors: the first thing that is not as it must be. */
export async function runCampaign({ rounds, seed, writers: count = 8, report }: CampaignOptions): Promise<number> {
  const folder = await makeTempFolder()
  const choices = randomOf(seed, 0)
  const writers = Array.from({ length: count }, (_, id) => new Writer(id, randomOf(seed, id + 1)))
  const args = ['--data-dir', folder.path, '--partitions', '3']
  for (let round = 1; round <= rounds + 1; round++) {
    const server = await spawnTavola(args)
    const api = apiOf(server.endpoint)
    try {
      if (round === 1) await begin(api)
      else if (await checkAll(api, writers)) report('an index that was half built is whole')
      if (round > rounds) await endInOrder(server)
      else report(`round ${round}: ${await writeAndKill(api, writers, choices, server)}`)
    } catch (error) {
      await server.kill('SIGKILL')
      throw new Error(
        `round ${round} of seed ${seed} (data kept in ${folder.path}): ${(error as Error).message}\n${server.stderr()}`,
      )
    }
  }
  await folder.remove()
  return writers.reduce((sum, writer) => sum + writer.acknowledged, 0)
}

async function endInOrder(server: TavolaProcess): Promise<void> {
  const { code } = await server.kill('SIGTERM')
  if (code !== 0) throw new Error(`the last process ended with ${code}`)
}

async function begin(api: Api): Promise<void> {
  await api('CreateTable', CREATE)
  await loadBallast(api)
}

/** Resolves with whether the late index was found half built. */
async function checkAll(api: Api, writers: Writer[]): Promise<boolean> {
  const late = await describeIndexes(api).then(indexes => indexes.get(LATE_INDEX.name))
  await checkTable(api, writers)
  if (late === 'CREATING' || late === 'ACTIVE') await lateIndexBuilt(api)
  await checkIndexes(api, late === 'CREATING' || late === 'ACTIVE' ? [...INDEXES, LATE_INDEX] : INDEXES)
  return late === 'CREATING'
}

async function writeAndKill(api: Api, writers: Writer[], choices: Random, server: TavolaProcess): Promise<string> {
  // Big values fill logs and files, so that segments roll, and checkpoints and trimming are caught by kills too.
  const payload = choices.chance(0.3) ? 200_000 : 300
  const before = writers.reduce((sum, writer) => sum + writer.acknowledged, 0)
  let stopped = false
  const running = writers.map(writer => writer.run(api, payload, () => stopped))
  const failed = Promise.all(running)
  const indexChange = choices.chance(0.5) ? changeIndex(api) : undefined
  // Some kills come while the index is built, or is being removed.
  const soon = indexChange !== undefined && choices.chance(0.5)
  if (soon) await Promise.race([indexStirs(api), failed])
  await Promise.race([sleep(soon ? choices.between(0, 60) : choices.between(50, 1200)), failed])
  await server.kill('SIGKILL')
  stopped = true
  await failed
  await indexChange
  const written = writers.reduce((sum, writer) => sum + writer.acknowledged, 0) - before
  return `${written} writes of up to ${payload} bytes acknowledged${indexChange ? ', an index changed meanwhile' : ''}`
}

/** Resolves when the late index is being built or removed, or after a while. */
async function indexStirs(api: Api): Promise<void> {
  for (const end = Date.now() + 500; Date.now() < end; ) {
    const status = await describeIndexes(api).then(indexes => indexes.get(LATE_INDEX.name))
    if (status === 'CREATING' || status === 'DELETING') return
  }
}

/** Adds the late index if it is not there, removes it if it is; in the middle of which the process dies, or not. */
async function changeIndex(api: Api): Promise<void> {
  try {
    const present = (await describeIndexes(api)).has(LATE_INDEX.name)
    await api('UpdateTable', present ? REMOVE_INDEX : ADD_INDEX)
  } catch (error) {
    if (!(error instanceof CutOff)) throw error
  }
}
