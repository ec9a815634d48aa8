/**
 * The campaign of streams and times to live: writers on a real process, `kill -9` at a random moment, restart. What a consumer
 * of the stream makes of the changes must be the table, to the last attribute; no change may come twice, none be missing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../../server/model/item.ts'
import { spawnTavola, type TavolaProcess } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { type Api, apiOf } from '../crash/api.ts'
import { type Random, randomOf } from '../random.ts'
import { Consumer, changesOf, nameOf, shardsOf } from './consumer.ts'
import { TABLE, Writer } from './writer.ts'

export type StreamCampaign = { rounds: number; seed: number; writers?: number; report(line: string): void }

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

const attribute = (name: string, type = 'S') => ({ AttributeName: name, AttributeType: type })
const key = (name: string, type = 'HASH') => ({ AttributeName: name, KeyType: type })
const CREATE = {
  TableName: TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [attribute('pk'), attribute('sk', 'N'), attribute('category')],
  KeySchema: [key('pk'), key('sk', 'RANGE')],
  GlobalSecondaryIndexes: [
    { IndexName: 'ByCategory', KeySchema: [key('category')], Projection: { ProjectionType: 'KEYS_ONLY' } },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
}
const TIME_TO_LIVE = { TableName: TABLE, TimeToLiveSpecification: { Enabled: true, AttributeName: 'expires' } }

const SETTLE_MS = 15_000

/** So small that partitions are split and merged again and again. */
const GROWING = ['--partitions', '2', '--split-bytes', '1500']

/** Resolves with how many changes there were, and how many of them because items had expired. */
export async function runStreamCampaign(options: StreamCampaign): Promise<{ changes: number; expired: number }> {
  const { rounds, seed, writers: count = 6, report } = options
  const folder = await makeTempFolder()
  const choices = randomOf(seed, 0)
  const writers = Array.from({ length: count }, (_, id) => new Writer(id, randomOf(seed, id + 1)))
  let consumer: Consumer | undefined
  for (let round = 1; round <= rounds + 1; round++) {
    const server = await spawnTavola(['--data-dir', folder.path, ...GROWING], { main: MAIN })
    const api = apiOf(server.endpoint)
    try {
      consumer ??= new Consumer(await begin(api))
      const taken = await checkStream(api, consumer, writers)
      if (round > rounds) await checkAnew(api, consumer)
      else report(`round ${round}: ${taken} changes so far, ${consumer.expired} of them expiries`)
      if (round <= rounds) await writeAndKill(api, writers, consumer, choices, server)
      else await server.kill()
    } catch (error) {
      await server.kill('SIGKILL')
      const where = `round ${round} of seed ${seed} (data kept in ${folder.path})`
      throw new Error(`${where}: ${(error as Error).message}\n${server.stderr()}`)
    }
  }
  await folder.remove()
  return { changes: changesSeen(consumer!), expired: consumer!.expired }
}

/** @returns the stream's ARN */
async function begin(api: Api): Promise<string> {
  const { TableDescription } = (await api('CreateTable', CREATE)) as never as {
    TableDescription: { LatestStreamArn: string }
  }
  await api('UpdateTimeToLive', TIME_TO_LIVE)
  return TableDescription.LatestStreamArn
}

async function writeAndKill(
  api: Api,
  writers: Writer[],
  consumer: Consumer,
  choices: Random,
  server: TavolaProcess,
): Promise<void> {
  let stopped = false
  const work = Promise.all(writers.map(writer => writer.run(api, () => stopped)))
  const end = sleep(choices.between(50, 1500))
  await Promise.race([end, work])
  // A change that was read is never taken back.
  if (choices.chance(0.5)) await consumer.read(api)
  await server.kill('SIGKILL')
  stopped = true
  await work
}

/** When nothing changes any more, the copy is the table, and every write has left as many records as it must. */
async function checkStream(api: Api, consumer: Consumer, writers: Writer[]): Promise<number> {
  for (const end = Date.now() + SETTLE_MS; ; await sleep(100)) {
    await consumer.read(api)
    const items = new Map((await scanAll(api)).map(item => [nameOf(item), item]))
    const isStill = (await consumer.read(api)) === 0
    const now = Date.now() / 1000
    const due = [...items.values()].filter(({ expires }) => expires && Number(expires.N) < now + 5)
    if (isStill && due.length === 0) {
      compare(consumer.copy, items)
      const rows = await scanAll(api, 'ByCategory')
      const indexed = [...items.values()].filter(({ category }) => category)
      if (rows.length !== indexed.length) throw new Error(`${rows.length} rows in the index, not ${indexed.length}`)
      break
    }
    if (Date.now() > end) throw new Error(`${due.length} items have not expired in time`)
  }
  for (const { marks } of writers) for (const [mark, { items, sure }] of marks) checkMark(consumer, mark, items, sure)
  return changesSeen(consumer)
}

function checkMark(consumer: Consumer, mark: string, items: number, sure: boolean): void {
  const found = consumer.marks.get(mark) ?? 0
  if (found !== items && (sure || found !== 0)) throw new Error(`write ${mark}: ${found} records instead of ${items}`)
}

function compare(copy: Map<string, Item>, items: Map<string, Item>): void {
  for (const name of new Set([...copy.keys(), ...items.keys()]))
    if (!isDeepStrictEqual(copy.get(name), items.get(name))) throw new Error(`${name}: the stream and the table differ`)
}

/** From the beginning once more: the same changes, in the same order. */
async function checkAnew(api: Api, consumer: Consumer): Promise<void> {
  const [{ StreamArn }] = (
    (await api('ListStreams', { TableName: TABLE })) as never as { Streams: [{ StreamArn: string }] }
  ).Streams
  for (const shard of await shardsOf(api, StreamArn)) {
    const ids = []
    for await (const { eventID } of changesOf(api, StreamArn, shard)) ids.push(eventID)
    if (!isDeepStrictEqual(ids, consumer.seen.get(shard) ?? []))
      throw new Error(`${shard}: other changes when read anew`)
  }
}

function changesSeen({ seen }: Consumer): number {
  return [...seen.values()].reduce((sum, { length }) => sum + length, 0)
}

async function scanAll(api: Api, IndexName?: string): Promise<Item[]> {
  const items: Item[] = []
  for (let start: Item | undefined, more = true; more; more = start !== undefined) {
    const request = { TableName: TABLE, IndexName, ConsistentRead: IndexName === undefined, ExclusiveStartKey: start }
    const page = (await api('Scan', request)) as never as { Items: Item[]; LastEvaluatedKey?: Item }
    items.push(...page.Items)
    start = page.LastEvaluatedKey
  }
  return items
}
