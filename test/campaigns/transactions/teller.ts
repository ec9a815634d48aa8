/** One of several who work on the bank at the same time; what they were not answered they ask again after the crash. */
import { randomUUID } from 'node:crypto'
import type { Item } from '../../../server/model/item.ts'
import { type Api, ApiError, CutOff } from '../crash/api.ts'
import type { Random } from '../random.ts'
import {
  ACCOUNT_COUNT,
  ACCOUNTS,
  accountKey,
  doctorKey,
  LEDGER,
  N,
  PAIR_COUNT,
  PAIRS,
  S,
  sumOf,
  TOTAL,
  type Touches,
} from './bank.ts'

/** Answers that say no more than that others were in the way, or that money was short. */
const REFUSALS = ['TransactionCanceledException', 'TransactionConflictException', 'TransactionInProgressException']

export type Counts = { done: number; refused: number; audits: number; replays: number }

export class Teller {
  readonly #choices: Random
  readonly counts: Counts = { done: 0, refused: 0, audits: 0, replays: 0 }
  /** Single writes of accounts: answered, and cut off. */
  readonly touches: Touches = { sure: 0, unsure: 0 }
  /** Transfers that were cut off. */
  #unsure: object[] = []
  /** A few that were answered, to be asked again. */
  #sure: object[] = []

  constructor(choices: Random) {
    this.#choices = choices
  }

  /** Works until cut off, or until `stopped`. Errors: any answer that must not be. */
  async run(api: Api, stopped: () => boolean): Promise<void> {
    try {
      while (!stopped()) await this.#turn(api)
    } catch (error) {
      if (!(error instanceof CutOff)) throw error
    }
  }

  /** After a restart: what was cut off is asked again, and some of what was answered, which must change nothing. */
  async repeat(api: Api): Promise<void> {
    for (const request of this.#unsure.splice(0)) await this.#repeatOne(api, request)
    for (const request of this.#sure.splice(0)) {
      if (!(await this.#repeatOne(api, request)))
        throw new Error('a transfer that was answered is refused when repeated')
    }
  }

  /** @returns whether it is done, now or before */
  async #repeatOne(api: Api, request: object): Promise<boolean> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const isDone = await this.#attempt(api, 'TransactWriteItems', request)
      if (!isDone) return false
      this.counts.replays += 1
    }
    return true
  }

  #turn(api: Api): Promise<unknown> {
    return this.#choices.weighted<() => Promise<unknown>>([
      [5, () => this.#transfer(api)],
      [2, () => this.#audit(api)],
      [4, () => this.#leaveDuty(api)],
      [2, () => this.#touch(api)],
      [1, () => this.#readOne(api)],
    ])()
  }

  /** Several accounts give to one; the ledger counts how often this transfer was applied. */
  async #transfer(api: Api): Promise<void> {
    const first = this.#choices.below(ACCOUNT_COUNT)
    const givers = this.#choices.between(1, 3)
    const amount = this.#choices.between(1, 400)
    const update = (i: number, by: number, more: object = {}) => ({
      Update: {
        TableName: ACCOUNTS,
        Key: accountKey((first + i) % ACCOUNT_COUNT),
        UpdateExpression: 'SET branch = :branch ADD balance :by',
        ExpressionAttributeValues: { ':by': N(by), ':branch': S(`b${this.#choices.below(5)}`) },
        ...more,
      },
    })
    const give = (i: number) => {
      const action = update(i, -amount)
      const values = { ...action.Update.ExpressionAttributeValues, ':amount': N(amount) }
      return {
        Update: { ...action.Update, ConditionExpression: 'balance >= :amount', ExpressionAttributeValues: values },
      }
    }
    const token = randomUUID()
    const entry = {
      Update: {
        TableName: LEDGER,
        Key: { id: S(token) },
        UpdateExpression: 'ADD times :one',
        ExpressionAttributeValues: { ':one': N(1) },
      },
    }
    const actions = [update(0, givers * amount), ...Array.from({ length: givers }, (_, i) => give(i + 1))]
    const TransactItems = this.#choices.chance(0.5) ? [...actions, entry] : [entry, ...actions]
    const request = { ClientRequestToken: token, TransactItems }
    try {
      if ((await this.#attempt(api, 'TransactWriteItems', request)) && this.#sure.length < 5) this.#sure.push(request)
    } catch (error) {
      if (error instanceof CutOff) this.#unsure.push(request)
      throw error
    }
  }

  async #audit(api: Api): Promise<void> {
    const keys = Array.from({ length: ACCOUNT_COUNT }, (_, i) => accountKey(i))
    const TransactItems = keys.map(Key => ({ Get: { TableName: ACCOUNTS, Key } }))
    const answer = await this.#attempt(api, 'TransactGetItems', { TransactItems })
    if (!answer) return
    const accounts = (answer.Responses as { Item: Item }[]).map(({ Item }) => Item)
    if (sumOf(accounts) !== TOTAL) throw new Error(`an audit found ${sumOf(accounts)} instead of ${TOTAL}`)
    this.counts.audits += 1
  }

  /** Both of a pair want to leave, and may while the other is there: write skew would let both. */
  async #leaveDuty(api: Api): Promise<void> {
    const pair = this.#choices.below(PAIR_COUNT)
    for (const side of [0, 1]) await this.#attempt(api, 'UpdateItem', duty(doctorKey(pair, side), 'on'))
    await together([0, 1].map(side => this.#leave(api, doctorKey(pair, side), doctorKey(pair, 1 - side))))
    const TransactItems = [0, 1].map(side => ({ Get: { TableName: PAIRS, Key: doctorKey(pair, side) } }))
    const answer = await this.#attempt(api, 'TransactGetItems', { TransactItems })
    const doctors = (answer?.Responses as { Item: Item }[] | undefined) ?? []
    if (answer && doctors.every(({ Item }) => Item.duty!.S === 'off')) throw new Error('both of a pair have left')
  }

  #leave(api: Api, one: Item, other: Item): Promise<unknown> {
    const check = {
      TableName: PAIRS,
      Key: other,
      ConditionExpression: '#d = :on',
      ExpressionAttributeNames: { '#d': 'duty' },
      ExpressionAttributeValues: { ':on': S('on') },
    }
    const TransactItems = [{ ConditionCheck: check }, { Update: duty(one, 'off') }]
    if (this.#choices.chance(0.5)) TransactItems.reverse()
    return this.#attempt(api, 'TransactWriteItems', { TransactItems })
  }

  /** A single write beside the transactions, which none of them may undo. */
  async #touch(api: Api): Promise<void> {
    const update = {
      TableName: ACCOUNTS,
      Key: accountKey(this.#choices.below(ACCOUNT_COUNT)),
      UpdateExpression: 'ADD touches :one',
      ExpressionAttributeValues: { ':one': N(1) },
    }
    try {
      if (await this.#attempt(api, 'UpdateItem', update)) this.touches.sure += 1
    } catch (error) {
      if (error instanceof CutOff) this.touches.unsure += 1
      throw error
    }
  }

  #readOne(api: Api): Promise<unknown> {
    const Key = accountKey(this.#choices.below(ACCOUNT_COUNT))
    return this.#attempt(api, 'GetItem', { TableName: ACCOUNTS, Key, ConsistentRead: true })
  }

  /** The answer; undefined if it was refused as it may be. */
  async #attempt(api: Api, operation: string, input: object): Promise<Record<string, unknown> | undefined> {
    try {
      const answer = await api(operation, input)
      this.counts.done += 1
      return answer
    } catch (error) {
      if (!(error instanceof ApiError) || !REFUSALS.includes(error.type)) throw error
      this.counts.refused += 1
      return undefined
    }
  }
}

function duty(key: Item, value: 'on' | 'off'): object {
  return {
    TableName: PAIRS,
    Key: key,
    UpdateExpression: 'SET #d = :v',
    ExpressionAttributeNames: { '#d': 'duty' },
    ExpressionAttributeValues: { ':v': S(value) },
  }
}

/** As `Promise.all`, but leaves nobody behind. */
async function together(work: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected')
  if (failed) throw (failed as PromiseRejectedResult).reason
}
