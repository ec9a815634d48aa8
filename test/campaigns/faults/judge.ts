/** Looks at everything when a fault is over: nothing acknowledged may be lost, nothing answered may have been wrong. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../../server/model/item.ts'
import { check } from '../../linearizability/checker.ts'
import type { Operation, Value } from '../../linearizability/history.ts'
import { type Api, ApiError, apiOf, CutOff, scanAll, TABLE } from '../crash/api.ts'
import { checkIndexes } from '../crash/check.ts'
import { Consumer, nameOf } from '../streams/consumer.ts'
import { checkBank, openBank } from '../transactions/bank.ts'
import type { Teller } from '../transactions/teller.ts'
import { type Client, clientOf, closeClient } from './clients.ts'
import type { Load } from './load.ts'
import { perform, registerOf } from './registers.ts'
import { CREATE, INDEX } from './table.ts'

const SETTLE_MS = 30_000
/** The client of the readings at the end. */
const LAST = -1

/** All that is known of a cluster's tables, from one fault to the next. */
export class Judge {
  readonly tellers: Teller[]
  readonly clients: Client[]
  readonly #api: Api
  readonly #consumer: Consumer
  /** What registers of faults that are over hold, by key. */
  readonly #kept = new Map<string, Value>()

  /** Makes the tables. */
  static async open(endpoints: string[], tellers: Teller[]): Promise<Judge> {
    const clients = endpoints.map((endpoint, i) => clientOf(`server-${i + 1}`, endpoint))
    const api = patient(apiOf(endpoints[0]!))
    const { TableDescription } = await clients[0]!.dynamodb.createTable(CREATE)
    await openBank(api)
    return new Judge(clients, tellers, api, new Consumer(TableDescription!.LatestStreamArn!))
  }

  private constructor(clients: Client[], tellers: Teller[], api: Api, consumer: Consumer) {
    this.clients = clients
    this.tellers = tellers
    this.#api = api
    this.#consumer = consumer
  }

  /** The load has been stopped. @returns how long streams and indexes took to agree with tables, in ms. Errors: what is not as it must be. */
  async judge({ recorder }: Load): Promise<number> {
    const keys = [...new Set(recorder.operations.map(({ key }) => key))]
    const { dynamodb } = this.clients[0]!
    for (const key of keys) await perform(dynamodb, recorder, LAST, key, { kind: 'get' })
    explain(recorder.operations)
    const start = performance.now()
    const items = await this.#settled()
    const found = new Map(items.map(item => [item.pk!.S!, registerOf(item)]))
    for (const [key, value] of this.#kept)
      if (found.get(key) !== value) throw new Error(`${key} held ${value} after its fault, and now ${found.get(key)}`)
    for (const key of keys) this.#kept.set(key, found.get(key))
    await checkIndexes(this.#api, [INDEX])
    for (const teller of this.tellers) await teller.repeat(this.#api)
    await checkBank(
      this.#api,
      this.tellers.map(({ touches }) => touches),
    )
    return performance.now() - start
  }

  close(): void {
    for (const client of this.clients) closeClient(client)
  }

  /** The stream, taken in from where it was, makes the table. @returns the items, which change no more */
  async #settled(): Promise<Item[]> {
    for (const end = Date.now() + SETTLE_MS; ; await sleep(100)) {
      await this.#consumer.read(this.#api)
      const items = await scanAll(this.#api)
      const { copy } = this.#consumer
      if (isDeepStrictEqual(copy, new Map(items.map(item => [nameOf(item), item])))) return items
      if (Date.now() < end) continue
      const wrong = items.filter(item => !isDeepStrictEqual(copy.get(nameOf(item)), item)).map(nameOf)
      throw new Error(`${TABLE} has ${items.length} items, its stream makes ${copy.size}; ${wrong} differ`)
    }
  }
}

/** What is asked may be asked twice: a cluster that has just come back may still be moving. */
function patient(api: Api): Api {
  return async (operation, input) => {
    for (const end = Date.now() + SETTLE_MS; ; await sleep(100)) {
      try {
        return await api(operation, input)
      } catch (error) {
        const isAway = error instanceof CutOff || (error instanceof ApiError && error.type === 'InternalServerError')
        if (!isAway || Date.now() > end) throw error
      }
    }
  }
}

/** Errors: the history can't be explained. */
function explain(operations: Operation[]): void {
  // A reading without an answer says nothing.
  const verdict = check(operations.filter(({ op, result }) => result || op.kind !== 'get'))
  if (verdict.valid) return
  const { key, operation } = verdict
  const story = operations
    .filter(other => other.key === key && other.called <= operation.returned! && !isLongBefore(other, operation))
    .map(lineOf)
  throw new Error(`nothing explains ${lineOf(operation)} of ${key}, after\n  ${story.join('\n  ')}`)
}

function isLongBefore({ returned }: Operation, { called }: Operation): boolean {
  return returned !== undefined && returned < called - 1000
}

function lineOf({ client, op, called, returned, result }: Operation): string {
  const times = `${Math.round(called)}-${returned === undefined ? '?' : Math.round(returned)}`
  return `${times} client ${client} ${JSON.stringify(op)}: ${JSON.stringify(result) ?? 'unknown'}`
}
