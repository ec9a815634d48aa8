/**
 * The campaign of streams out: writers, functions that fail in every way, and processes that are killed meanwhile: those that run
 * triggers, those that lead partitions, nats-servers. Every change must reach every function, in its item's order, or be told of as
 * given up; none may be invented; and on NATS each is once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { NatsReader } from '../../helpers/natsreader.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { type Api, apiOf, CutOff, HEADERS } from '../crash/api.ts'
import { type Random, randomOf } from '../random.ts'
import { type Change, changesOf, shardsOf } from '../streams/consumer.ts'
import { checkPublished, follow, type Truth } from './check.ts'
import { Functions } from './functions.ts'
import { type Ground, oneProcess, wholeCluster } from './ground.ts'

export type TriggerCampaign = { faults: number; seed: number; cluster: boolean; report(line: string): void }

const TABLE = 'Triggered'
const KEYS = 25
const WRITERS = 5
const SETTLE_MS = 180_000
/** No write is the last for long: there are not to be too many. */
const PAUSE_MS = 15

/** What there was, and how many records were delivered, and batches given up. */
export type TriggerResult = { shards: number; changes: number; delivered: number; dead: number }

export async function runTriggerCampaign(options: TriggerCampaign): Promise<TriggerResult> {
  const { faults, seed, cluster, report } = options
  const folder = await makeTempFolder()
  const choices = randomOf(seed, 0)
  const functions = await Functions.start(randomOf(seed, 1))
  const ground = await (cluster ? wholeCluster : oneProcess)(folder.path)
  try {
    const api = anyOf(ground)
    const arn = await begin(api, ground, functions)
    const written = new Set<string>()
    let stopped = false
    const writing = Promise.all(
      Array.from({ length: WRITERS }, (_, id) => write(api, id, randomOf(seed, id + 2), written, () => stopped)),
    )
    await sleep(1000)
    for (let fault = 1; fault <= faults; fault++) {
      report(`${fault}: ${await ground.breakOne(choices)} was killed and is back`)
      await sleep(choices.between(0, 3000))
    }
    stopped = true
    await writing
    functions.calm = true
    const result = await settle(api, arn, ground, functions, written)
    await ground.stop()
    await functions.close()
    await folder.remove()
    return result
  } catch (error) {
    await ground.stop().catch(() => {})
    await functions.close()
    throw new Error(`seed ${seed} (data kept in ${folder.path}): ${(error as Error).message}`)
  }
}

async function begin(api: Api, { endpoints }: Ground, functions: Functions): Promise<string> {
  const { TableDescription } = (await api('CreateTable', {
    TableName: TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  })) as never as { TableDescription: { LatestStreamArn: string } }
  const arn = TableDescription.LatestStreamArn
  const make = async (more: object) => {
    const body = JSON.stringify({
      ...{ EventSourceArn: arn, StartingPosition: 'TRIM_HORIZON', BatchSize: 20, Limits: { TimeoutInSeconds: 1 } },
      ...{ FunctionResponseTypes: ['ReportBatchItemFailures'], ...more },
    })
    const url = `${endpoints[0]!}/2015-03-31/event-source-mappings`
    const response = await fetch(url, { method: 'POST', headers: HEADERS, body })
    if (response.status !== 202) throw new Error(await response.text())
  }
  await make({ FunctionName: functions.url('/patient'), ParallelizationFactor: 4 })
  await make({
    FunctionName: functions.url('/poisoned'),
    ...{ MaximumRetryAttempts: 3, BisectBatchOnFunctionError: true },
    DestinationConfig: { OnFailure: { Destination: functions.url('/dead/poisoned') } },
  })
  return arn
}

/** Asks the servers in turn, the next one if one does not answer. */
function anyOf({ endpoints }: Ground): Api {
  const apis = endpoints.map(apiOf)
  let next = 0
  return (operation, input) => apis[next++ % apis.length]!(operation, input)
}

/** Every write has a number of its own; `written` are those that were acknowledged. */
async function write(
  api: Api,
  id: number,
  choices: Random,
  written: Set<string>,
  stopped: () => boolean,
): Promise<void> {
  for (let n = 0; !stopped(); n++) {
    const mark = `${id}-${n}`
    const poison = choices.chance(0.02) && { poison: { BOOL: true } }
    const Item = { pk: { S: `key ${id * KEYS + choices.below(KEYS)}` }, mark: { S: mark }, ...poison }
    try {
      await api('PutItem', { TableName: TABLE, Item })
      written.add(mark)
    } catch (error) {
      // Whether it was done nobody knows; the stream will say.
      await sleep(error instanceof CutOff ? 100 : 20)
    }
    await sleep(PAUSE_MS)
  }
}

/** Resolves when all is where it belongs. */
async function settle(api: Api, arn: string, ground: Ground, functions: Functions, written: Set<string>) {
  const { truth, marks } = await patiently(() => readTruth(api, arn))
  for (const mark of written) if (!marks.has(mark)) throw new Error(`write ${mark} is not in the stream`)
  const reader = await NatsReader.connect(ground.nats)
  const stream = `tavola-changes-123456789012-${TABLE}`
  for (const end = Date.now() + SETTLE_MS; ; await sleep(500)) {
    const messages = await reader.all(stream).catch(() => [])
    const left = ['/patient', '/poisoned'].map(path => truth.length - follow(path, functions.of(path), truth).size)
    if (left.every(count => count === 0) && messages.length >= truth.length) {
      checkPublished(messages, truth)
      break
    }
    if (Date.now() > end)
      throw new Error(
        `after ${SETTLE_MS} ms ${left} changes have not arrived, and ${messages.length} of ${truth.length} are on NATS`,
      )
  }
  await reader.close()
  const all = [...functions.sights.values()].flat()
  const dead = all.filter(({ kind }) => kind === 'given up')
  const poison = truth.filter(change => change.poison)
  const taken = new Set(functions.of('/poisoned').flatMap(sight => (sight.kind === 'taken' ? [sight.id] : [])))
  for (const { id } of poison) if (taken.has(id)) throw new Error(`${id} was taken, though it is poison`)
  const shards = new Set(truth.map(({ shard }) => shard)).size
  return {
    shards,
    changes: truth.length,
    delivered: all.filter(({ kind }) => kind === 'seen').length,
    dead: dead.length,
  }
}

/** All changes, those of an item in their order. */
async function readTruth(api: Api, arn: string): Promise<{ truth: Truth[]; marks: Set<string> }> {
  const truth: Truth[] = []
  const marks = new Set<string>()
  for (const shard of await shardsOf(api, arn))
    for await (const change of changesOf(api, arn, shard)) {
      truth.push(truthOf(change, shard))
      marks.add(change.dynamodb.NewImage!.mark!.S!)
    }
  // Numbers grow from a shard to those that take over from it.
  truth.sort((a, b) => (a.number < b.number ? -1 : 1))
  return { truth, marks }
}

function truthOf({ eventID: id, dynamodb }: Change, shard: string): Truth {
  const { SequenceNumber, Keys, NewImage } = dynamodb
  const poison = NewImage !== undefined && Object.hasOwn(NewImage, 'poison')
  return { id, number: BigInt(SequenceNumber), key: Keys.pk!.S!, shard, text: JSON.stringify(dynamodb), poison }
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 20) throw error
      await sleep(500)
    }
  }
}
