/** A consumer of the stream that keeps a copy of the table by it, and goes on where it was after every crash. */
import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../../server/model/item.ts'
import type { Api } from '../crash/api.ts'

export type Change = {
  eventID: string
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE'
  userIdentity?: { Type: string; PrincipalId: string }
  dynamodb: {
    ApproximateCreationDateTime: number
    Keys: Item
    NewImage?: Item
    OldImage?: Item
    SequenceNumber: string
  }
}

export class Consumer {
  readonly #arn: string
  /** By shard: the number of the last change. */
  readonly #last = new Map<string, string>()
  /** What the changes make of an empty table, by key. */
  readonly copy = new Map<string, Item>()
  /** Ids of all changes, shard by shard, in their order. */
  readonly seen = new Map<string, string[]>()
  /** How often each mark was found in a new image. */
  readonly marks = new Map<string, number>()
  expired = 0

  constructor(arn: string) {
    this.#arn = arn
  }

  /** Reads what is new. @returns how many changes. Errors: one that does not follow what it knows. */
  async read(api: Api): Promise<number> {
    let count = 0
    for (const shard of await shardsOf(api, this.#arn)) {
      const last = this.#last.get(shard)
      const place = last ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: last } : undefined
      for await (const change of changesOf(api, this.#arn, shard, place)) {
        this.#take(shard, change)
        count += 1
      }
    }
    return count
  }

  #take(shard: string, change: Change): void {
    const { SequenceNumber, Keys, NewImage, OldImage } = change.dynamodb
    const last = this.#last.get(shard)
    if (last !== undefined && BigInt(SequenceNumber) <= BigInt(last)) throw new Error(`${SequenceNumber} after ${last}`)
    this.#last.set(shard, SequenceNumber)
    this.seen.set(shard, [...(this.seen.get(shard) ?? []), change.eventID])
    const name = nameOf(Keys)
    const known = this.copy.get(name)
    if (!isDeepStrictEqual(known, OldImage)) throw new Error(`${name}: the old image is not what was there before`)
    if (isDeepStrictEqual(OldImage, NewImage)) throw new Error(`${name}: a record of no change`)
    const event = !OldImage ? 'INSERT' : NewImage ? 'MODIFY' : 'REMOVE'
    if (event !== change.eventName) throw new Error(`${name}: ${change.eventName} instead of ${event}`)
    if (NewImage) this.copy.set(name, NewImage)
    else this.copy.delete(name)
    if (change.userIdentity) this.#checkExpired(change)
    const mark = NewImage?.mark?.S
    // A mark stays on its item until the next write of it.
    if (mark !== undefined && OldImage?.mark?.S !== mark) this.marks.set(mark, (this.marks.get(mark) ?? 0) + 1)
  }

  #checkExpired({ eventName, userIdentity, dynamodb }: Change): void {
    const isService = isDeepStrictEqual(userIdentity, { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' })
    const time = Number(dynamodb.OldImage?.expires?.N)
    if (!isService || eventName !== 'REMOVE' || !(time <= dynamodb.ApproximateCreationDateTime))
      throw new Error(`${nameOf(dynamodb.Keys)} was deleted as if it had expired`)
    this.expired += 1
  }
}

export function nameOf({ pk, sk }: Item): string {
  return `${pk!.S}/${sk!.N}`
}

/** Parents before their children. */
export async function shardsOf(api: Api, StreamArn: string): Promise<string[]> {
  const shards = new Map<string, string | undefined>()
  for (let start: string | undefined, more = true; more; more = start !== undefined) {
    const request = { StreamArn, ExclusiveStartShardId: start }
    const { StreamDescription } = (await api('DescribeStream', request)) as unknown as {
      StreamDescription: { Shards: { ShardId: string; ParentShardId?: string }[]; LastEvaluatedShardId?: string }
    }
    for (const { ShardId, ParentShardId } of StreamDescription.Shards) shards.set(ShardId, ParentShardId)
    start = StreamDescription.LastEvaluatedShardId
  }
  const depth = (shard: string | undefined): number => (shard === undefined ? 0 : 1 + depth(shards.get(shard)))
  return [...shards.keys()].sort((a, b) => depth(a) - depth(b))
}

/** The changes from a place on, the oldest if none is given, to the last there is. */
export async function* changesOf(
  api: Api,
  StreamArn: string,
  ShardId: string,
  place: object = { ShardIteratorType: 'TRIM_HORIZON' },
): AsyncGenerator<Change> {
  const first = (await api('GetShardIterator', { StreamArn, ShardId, ...place })) as unknown as {
    ShardIterator: string
  }
  for (let ShardIterator: string | undefined = first.ShardIterator; ShardIterator; ) {
    const page: { Records: Change[]; NextShardIterator?: string } = (await api('GetRecords', {
      ShardIterator,
    })) as never
    yield* page.Records
    ShardIterator = page.Records.length > 0 ? page.NextShardIterator : undefined
  }
}
