/** Functions that crash, hang, take their time, and answer partial failures; and what they have seen, in its order. */
import type { Event, EventRecord } from '../../api/mappings.ts'
import { type Answered, type Received, Receiver } from '../../helpers/receiver.ts'
import type { Random } from '../random.ts'

/** `taken`: the function has done with it. `given up`: so the on-failure destination was told. `event`: numbers the invocations. */
export type Sight =
  | { kind: 'seen' | 'taken'; event: number; id: string; number: string; key: string; text: string }
  | { kind: 'given up'; shard: string; first: string; last: string; condition: string }

/** By path. */
export class Functions {
  readonly sights = new Map<string, Sight[]>()
  readonly #choices: Random
  readonly #receiver: Receiver
  /** Once calm, every function takes everything but poison. */
  calm = false
  #events = 0

  static async start(choices: Random): Promise<Functions> {
    return new Functions(await Receiver.start(), choices)
  }

  private constructor(receiver: Receiver, choices: Random) {
    this.#receiver = receiver
    this.#choices = choices
    receiver.answer = request => this.#answer(request)
  }

  url(path: string): string {
    return this.#receiver.url + path
  }

  close(): Promise<void> {
    return this.#receiver.close()
  }

  of(path: string): Sight[] {
    let sights = this.sights.get(path)
    if (!sights) this.sights.set(path, (sights = []))
    return sights
  }

  #answer({ path, body }: Received): Answered {
    this.#receiver.received.length = 0
    if (path.startsWith('/dead')) return this.#giveUp(path.replace('/dead', ''), body)
    const { Records } = JSON.parse(body) as Event
    const event = this.#events++
    for (const record of Records) this.of(path).push(sightOf('seen', event, record))
    if (path === '/poisoned' && Records.some(isPoison)) return { status: 500 }
    const mood = this.calm ? 'takes' : this.#choices.weighted(MOODS)
    if (mood === 'takes') return this.#take(path, event, Records, Records.length)
    if (mood === 'slow')
      return { ...this.#take(path, event, Records, Records.length), waitMs: this.#choices.below(300) }
    if (mood === 'partial') return this.#take(path, event, Records, this.#choices.below(Records.length))
    if (mood === 'fails') return { status: this.#choices.pick([500, 503, 429, 404]) }
    return mood
  }

  /** All before `count`. */
  #take(path: string, event: number, records: EventRecord[], count: number): Exclude<Answered, string> {
    for (const record of records.slice(0, count)) this.of(path).push(sightOf('taken', event, record))
    const failed = records.slice(count, count + 1)
    const batchItemFailures = failed.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber }))
    return { body: JSON.stringify({ batchItemFailures }) }
  }

  /** The destination fails as well. */
  #giveUp(path: string, body: string): Answered {
    if (!this.calm && this.#choices.chance(0.3)) return { status: 500 }
    const { requestContext, DDBStreamBatchInfo: batch } = JSON.parse(body)
    const { shardId: shard, startSequenceNumber: first, endSequenceNumber: last } = batch
    this.of(path).push({ kind: 'given up', shard, first, last, condition: requestContext.condition })
    return {}
  }
}

const MOODS = [
  [8, 'takes'],
  [2, 'slow'],
  [2, 'partial'],
  [2, 'fails'],
  [1, 'hang'],
  [1, 'reset'],
] as const

function sightOf(kind: 'seen' | 'taken', event: number, record: EventRecord): Sight {
  const { eventID: id, dynamodb } = record
  return { kind, event, id, number: dynamodb.SequenceNumber, key: dynamodb.Keys.pk.S, text: JSON.stringify(dynamodb) }
}

/** The function fails on it, whatever its mood. */
function isPoison({ dynamodb }: EventRecord): boolean {
  return dynamodb.NewImage !== undefined && Object.hasOwn(dynamodb.NewImage, 'poison')
}
