/**
 * A writer of its own keys, one request at a time, that remembers what each key may hold: after an acknowledgement one
 * state; after a request that was cut off two, the one before and the one after.
 */
import type { Item } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import { type Api, ApiError, COUNTER, CutOff, TABLE } from './api.ts'

export type State = Item | undefined

/** What a key may hold; the last is the newest. */
export type Possible = State[]

type Write = { name: string; operation: string; input: object; after: State }

const KEYS = 40

export class Writer {
  readonly #id: number
  readonly #choices: Random
  /** By sort key. */
  readonly keys: Possible[] = Array.from({ length: KEYS }, () => [undefined])
  acknowledged = 0
  /** Increments of the shared counter: acknowledged, and cut off. */
  increments = { sure: 0, unsure: 0 }
  #serial = 0

  constructor(id: number, choices: Random) {
    this.#id = id
    this.#choices = choices
  }

  partitionKey(): string {
    return `writer-${this.#id}`
  }

  /** Writes until cut off, or until `stopped`. `payload` is the size of values in bytes. Errors: any answer that is not possible. */
  async run(api: Api, payload: number, stopped: () => boolean): Promise<void> {
    try {
      while (!stopped()) {
        if (this.#choices.chance(0.1)) await this.#increment(api)
        else if (this.#choices.chance(0.15)) await this.#batch(api, payload)
        else await this.#single(api, this.#choices.between(0, KEYS - 1), payload)
      }
    } catch (error) {
      if (!(error instanceof CutOff)) throw error
    }
  }

  async #single(api: Api, index: number, payload: number): Promise<void> {
    const before = this.keys[index]!.at(-1)
    const write = this.#choose(index, before, payload)
    this.keys[index] = [before, write.after]
    try {
      await api(write.operation, write.input)
    } catch (error) {
      if (error instanceof ApiError) throw new Error(`${write.name} was refused: ${error.message}`)
      throw error
    }
    this.keys[index] = [write.after]
    this.acknowledged += 1
  }

  async #batch(api: Api, payload: number): Promise<void> {
    const first = this.#choices.between(0, KEYS - 6)
    const indexes = [0, 1, 2, 3, 4].map(offset => first + offset)
    const requests = indexes.map(index => {
      const item = this.#choices.chance(0.3) ? undefined : this.#item(index, payload)
      this.keys[index] = [this.keys[index]!.at(-1), item]
      return item ? { PutRequest: { Item: item } } : { DeleteRequest: { Key: this.#key(index) } }
    })
    const answer = await api('BatchWriteItem', { RequestItems: { [TABLE]: requests } })
    if (Object.keys(answer.UnprocessedItems ?? {}).length > 0) throw new Error('a batch was not processed')
    for (const index of indexes) this.keys[index] = [this.keys[index]!.at(-1)]
    this.acknowledged += indexes.length
  }

  /** Everybody's counter: what it shows must lie between the sure and the possible increments. */
  async #increment(api: Api): Promise<void> {
    const input = {
      TableName: TABLE,
      Key: COUNTER,
      UpdateExpression: 'ADD hits :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }
    try {
      await api('UpdateItem', input)
      this.increments.sure += 1
    } catch (error) {
      if (error instanceof CutOff) this.increments.unsure += 1
      throw error
    }
  }

  #choose(index: number, before: State, payload: number): Write {
    const key = this.#key(index)
    const item = this.#item(index, payload)
    if (!before) {
      const input = { TableName: TABLE, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }
      return { name: 'a put of a new item', operation: 'PutItem', input, after: item }
    }
    switch (this.#choices.between(0, 3)) {
      case 0: {
        return { name: 'a put', operation: 'PutItem', input: { TableName: TABLE, Item: item }, after: item }
      }
      case 1: {
        const input = {
          TableName: TABLE,
          Key: key,
          ConditionExpression: 'version = :v',
          ExpressionAttributeValues: { ':v': before.version },
        }
        return { name: 'a conditional delete', operation: 'DeleteItem', input, after: undefined }
      }
      default:
        return this.#update(key, before, item)
    }
  }

  /** Moves the item in both indexes, or out of them, if the version is the one that was last written. */
  #update(key: Item, before: Item, fresh: Item): Write {
    const after: Item = { ...before, version: fresh.version!, category: fresh.category! }
    if (fresh.color) after.color = fresh.color
    else delete after.color
    const values = {
      ':old': before.version,
      ':new': fresh.version,
      ':category': fresh.category,
      ...(fresh.color && { ':color': fresh.color }),
    }
    const input = {
      TableName: TABLE,
      Key: key,
      UpdateExpression: `SET version = :new, category = :category${fresh.color ? ', color = :color' : ' REMOVE color'}`,
      ConditionExpression: 'version = :old',
      ExpressionAttributeValues: values,
    }
    return { name: 'a conditional update', operation: 'UpdateItem', input, after }
  }

  #key(index: number): Item {
    return { pk: { S: this.partitionKey() }, sk: { N: String(index) } }
  }

  #item(index: number, payload: number): Item {
    this.#serial += 1
    const item: Item = {
      ...this.#key(index),
      version: { N: String(this.#serial) },
      category: { S: `c${this.#choices.between(0, 5)}` },
      payload: { S: String.fromCharCode(97 + (this.#serial % 26)).repeat(this.#choices.between(1, payload)) },
    }
    if (this.#choices.chance(0.6)) item.color = { S: this.#choices.pick(['red', 'green', 'blue']) }
    return item
  }
}
