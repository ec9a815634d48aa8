/**
 * One of several who write the same few items at the same time, in every way there is. Each write leaves a mark of its own, by
 * which the stream's records of it can be counted.
 */
import type { Item } from '../../../server/model/item.ts'
import { type Api, ApiError, CutOff } from '../crash/api.ts'
import type { Random } from '../random.ts'

export const TABLE = 'Streamed'
export const KEYS = 60

/** How often a mark must be found among the new images: once for each item, or, if the write was cut off, so or never. */
export type Marks = Map<string, { items: number; sure: boolean }>

/** Answers that say no more than that others were in the way. */
const REFUSALS = ['TransactionCanceledException', 'TransactionConflictException', 'ConditionalCheckFailedException']

export class Writer {
  readonly #id: number
  readonly #choices: Random
  readonly marks: Marks = new Map()
  #serial = 0

  constructor(id: number, choices: Random) {
    this.#id = id
    this.#choices = choices
  }

  /** Writes until cut off, or until `stopped`. Errors: an answer that must not be. */
  async run(api: Api, stopped: () => boolean): Promise<void> {
    try {
      while (!stopped()) await this.#turn(api)
    } catch (error) {
      if (!(error instanceof CutOff)) throw error
    }
  }

  #turn(api: Api): Promise<void> {
    return this.#choices.weighted<() => Promise<void>>([
      [6, () => this.#put(api)],
      [3, () => this.#update(api)],
      [2, () => this.#delete(api)],
      [1, () => this.#batch(api)],
      [3, () => this.#transact(api)],
      [1, () => this.#putTwice(api)],
    ])()
  }

  #put(api: Api): Promise<void> {
    const mark = this.#mark()
    return this.#write(api, 'PutItem', { TableName: TABLE, Item: this.#item(mark) }, mark, 1)
  }

  #update(api: Api): Promise<void> {
    const mark = this.#mark()
    return this.#write(api, 'UpdateItem', { TableName: TABLE, ...this.#change(mark) }, mark, 1)
  }

  #delete(api: Api): Promise<void> {
    return this.#write(api, 'DeleteItem', { TableName: TABLE, Key: this.#key() })
  }

  async #batch(api: Api): Promise<void> {
    const keys = this.#someKeys(5)
    const mark = this.#mark()
    const puts = keys.map(key => ({ PutRequest: { Item: { ...this.#item(mark), ...key } } }))
    // Of a batch that is cut off, some of it may be written: it goes without a mark.
    for (const { PutRequest } of puts) delete PutRequest.Item.mark
    await this.#write(api, 'BatchWriteItem', { RequestItems: { [TABLE]: puts } })
  }

  #transact(api: Api): Promise<void> {
    const mark = this.#mark()
    const keys = this.#someKeys(4)
    const TransactItems = keys.map((Key, i) => {
      if (i === 0) return { Put: { TableName: TABLE, Item: { ...this.#item(mark), ...Key } } }
      return { Update: { TableName: TABLE, ...this.#change(mark), Key } }
    })
    return this.#write(api, 'TransactWriteItems', { TransactItems }, mark, keys.length)
  }

  /** The second put changes nothing, unless somebody came between. */
  async #putTwice(api: Api): Promise<void> {
    const Item = this.#item('')
    delete Item.mark
    for (let i = 0; i < 2; i++) await this.#write(api, 'PutItem', { TableName: TABLE, Item })
  }

  async #write(api: Api, operation: string, input: object, mark?: string, items = 0): Promise<void> {
    if (mark !== undefined) this.marks.set(mark, { items, sure: false })
    try {
      await api(operation, input)
      if (mark !== undefined) this.marks.set(mark, { items, sure: true })
    } catch (error) {
      if (!(error instanceof ApiError) || !REFUSALS.includes(error.type)) throw error
      if (mark !== undefined) this.marks.delete(mark)
    }
  }

  #mark(): string {
    this.#serial += 1
    return `${this.#id}-${this.#serial}`
  }

  #key(index = this.#choices.below(KEYS)): Item {
    return { pk: { S: `p${index % 12}` }, sk: { N: String(index) } }
  }

  #someKeys(count: number): Item[] {
    const indexes = new Set(this.#choices.some(2, count, () => this.#choices.below(KEYS)))
    return [...indexes].map(index => this.#key(index))
  }

  #item(mark: string): Item {
    const item: Item = {
      ...this.#key(),
      mark: { S: mark },
      category: { S: this.#choices.pick(['red', 'green', 'blue']) },
      payload: { S: 'x'.repeat(this.#choices.below(this.#choices.chance(0.02) ? 150_000 : 400)) },
    }
    if (this.#choices.chance(0.4)) item.expires = this.#time()
    return item
  }

  #change(mark: string): object {
    const isMoved = this.#choices.chance(0.5)
    return {
      Key: this.#key(),
      UpdateExpression: `SET mark = :mark${isMoved ? ', expires = :time' : ''} ADD times :one`,
      ExpressionAttributeValues: {
        ':mark': { S: mark },
        ':one': { N: '1' },
        ...(isMoved && { ':time': this.#time() }),
      },
    }
  }

  /** Seconds: over by a little, or soon, or not before the end of it all. */
  #time(): { N: string } {
    const fromNow = this.#choices.pick([-3, 0, 1, 2, 10_000])
    return { N: String(Math.floor(Date.now() / 1000) + fromNow) }
  }
}
