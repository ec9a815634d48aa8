/** Clients: each does its steps in order, as requests of the API, and writes down what it is told. */
import { LogUnavailable } from '../../server/log/log.ts'
import { LeaseLost, MetadataUnavailable } from '../../server/metadata/metadata.ts'
import { DynamoError } from '../../server/model/errors.ts'
import type { Item } from '../../server/model/item.ts'
import { NotLeading } from '../../server/replica/pipeline.ts'
import { RemoteError } from '../../server/rpc/errors.ts'
import type { Op, Result, Value } from '../linearizability/history.ts'
import { EPOCH } from './ground/process.ts'
import type { History, ListEvent } from './history.ts'
import * as requests from './requests.ts'
import type { Json } from './roles/server.ts'
import { ACCOUNTS, BALANCE, type Request, type Step } from './script.ts'
import { CutOff, type World } from './world.ts'

/** Between a request whose outcome is not known and its repetition with the same token. */
const AGAIN_MS = 300
const ATTEMPTS = 8

type Answered = { kind: 'answer'; answer: Json } | { kind: 'refused'; error: DynamoError } | { kind: 'unknown' }

/** Nothing has happened. */
const REFUSALS = new Set([
  'ConditionalCheckFailedException',
  'ThrottlingException',
  'TransactionConflictException',
  'TransactionCanceledException',
  'ResourceInUseException',
  'ResourceNotFoundException',
  'LimitExceededException',
])

export class Clients {
  readonly #world: World
  readonly #history: History
  /** What was last seen there, so that conditions mostly hold. */
  readonly #seen = new Map<string, Value>()

  constructor(world: World, history: History) {
    this.#world = world
    this.#history = history
  }

  /** Resolves when the client has done all its steps. */
  async run(steps: Step[]): Promise<void> {
    for (const step of steps) {
      await this.#sleep(step.pause)
      await this.#do(step)
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.#world.time.after(ms, resolve))
  }

  async #do(step: Step): Promise<void> {
    switch (step.op) {
      case 'get':
        return this.#item(step, step.key, { kind: 'get' })
      case 'delete':
        return this.#item(step, step.key, { kind: 'delete' })
      case 'put':
        return this.#item(step, step.key, { kind: 'put', value: step.value })
      case 'putIf':
        return this.#item(step, step.key, { kind: 'putIf', expected: this.#seen.get(step.key), value: step.value })
      case 'add':
        return this.#item(step, step.key, { kind: 'add', by: step.by })
      case 'append':
        return this.#append(step)
      case 'readLists':
        return this.#readLists(step)
      case 'transfer':
        return this.#transfer(step)
      case 'readAccounts':
        return this.#readAccounts(step)
      case 'putExpiring':
        return this.#putExpiring(step)
      case 'getExpiring':
        return this.#getExpiring(step)
      default:
        return this.#control(step)
    }
  }

  async #item(step: Step, key: string, op: Op): Promise<void> {
    const shape = step.op === 'put' || step.op === 'putIf' ? { owner: step.owner, rank: step.rank } : {}
    const { operation, input } = requests.itemRequest(key, op, shape)
    const done = await this.#history.items.record(step.client, key, op, async () => {
      const answered = await this.#ask(step, operation, input)
      if (answered.kind === 'unknown') return undefined
      if (answered.kind === 'answer') return resultOf(op, answered.answer)
      if (answered.error.code !== 'ConditionalCheckFailedException') return { kind: 'refused' } as Result
      const found = answered.error.members?.Item as Item | undefined
      return { kind: 'refused', found: { value: requests.valueIn(found) } }
    })
    // It was not tried, and tells nothing.
    if (done.result?.kind === 'refused' && !done.result.found) {
      const { operations } = this.#history.items
      operations.splice(operations.indexOf(done), 1)
    }
    this.#heard(key, op, done.result)
  }

  #heard(key: string, op: Op, result: Result | undefined): void {
    if (result?.kind === 'value') this.#seen.set(key, result.value)
    else if (result?.kind === 'refused' && result.found) this.#seen.set(key, result.found.value)
    else if (result?.kind === 'done') this.#seen.set(key, 'value' in op ? op.value : undefined)
  }

  async #append(step: Step & { op: 'append' }): Promise<void> {
    const event = this.#begin(step.id, step.keys)
    const isSingle = step.keys.length === 1 && step.token === undefined
    const { operation, input } = isSingle
      ? requests.appendOne(step.keys[0]!, step.id)
      : requests.appendAll(step.keys, step.id, step.token)
    const answered = await this.#surely(step, operation, input, step.token)
    this.#end(event, answered)
    if (step.again && answered.kind === 'answer') await this.#ask(step, operation, input)
    if (isSingle && answered.kind === 'answer')
      event.seen.set(step.keys[0]!, requests.listIn(answered.answer.Attributes))
  }

  async #readLists(step: Step & { op: 'readLists' }): Promise<void> {
    const event = this.#begin(undefined, [])
    const isSingle = step.keys.length === 1
    const { operation, input } = isSingle ? requests.readOne(step.keys[0]!) : requests.readAll(step.keys)
    const answered = await this.#ask(step, operation, input)
    this.#end(event, answered)
    if (answered.kind !== 'answer') return
    const items = isSingle ? [answered.answer] : answered.answer.Responses
    for (const [i, key] of step.keys.entries()) event.seen.set(key, requests.listIn(items[i].Item))
  }

  #begin(id: string | undefined, keys: string[]): ListEvent {
    const called = this.#history.moment()
    const event: ListEvent = { id, keys, called, returned: undefined, outcome: 'unknown', seen: new Map() }
    this.#history.lists.push(event)
    return event
  }

  #end(event: ListEvent, { kind }: Answered): void {
    if (kind === 'unknown') return
    event.returned = this.#history.moment()
    event.outcome = kind === 'answer' ? 'done' : 'refused'
  }

  async #transfer(step: Step & { op: 'transfer' }): Promise<void> {
    const { operation, input } = requests.transfer(step.from, step.to, step.amount, step.token)
    const answered = await this.#surely(step, operation, input, step.token)
    if (step.again && answered.kind === 'answer') await this.#ask(step, operation, input)
  }

  async #readAccounts(step: Step): Promise<void> {
    const { operation, input } = requests.readAll(ACCOUNTS)
    const answered = await this.#ask(step, operation, input)
    if (answered.kind !== 'answer') return
    const balances = ACCOUNTS.map((_, i) => Number(answered.answer.Responses[i].Item?.balance.N))
    const sum = balances.reduce((a, b) => a + b, 0)
    if (sum !== ACCOUNTS.length * BALANCE || balances.some(balance => balance < 0))
      this.#history.complaints.push(`the accounts were read as ${balances.join(', ')}`)
  }

  async #putExpiring(step: Step & { op: 'putExpiring' }): Promise<void> {
    const expires = Math.floor((EPOCH + this.#world.time.now + step.ms) / 1000)
    const answered = await this.#ask(step, 'PutItem', requests.expiring(step.key, expires))
    const put = answered.kind === 'answer' ? 'done' : answered.kind
    this.#history.expiring.set(step.key, { key: step.key, put, expires })
  }

  async #getExpiring(step: Step & { op: 'getExpiring' }): Promise<void> {
    const known = this.#history.expiring.get(step.key)
    const answered = await this.#ask(step, 'GetItem', requests.readOne(step.key).input)
    const left = (known?.expires ?? 0) * 1000 - EPOCH - this.#world.time.now
    // No clock is further off.
    const isDue = left < 200_000
    if (known?.put === 'done' && answered.kind === 'answer' && !answered.answer.Item && !isDue)
      this.#history.complaints.push(`${step.key} is gone, and expires only in ${left} ms`)
  }

  async #control(step: Step): Promise<void> {
    const { operation, input, name } = requests.control(step as Request)
    const isLife = step.op === 'createTable' || step.op === 'deleteTable'
    const begun = isLife ? this.#history.begin(name!) : undefined
    const answered = await this.#ask(step, operation, input)
    begun?.(answered.kind, step.op === 'createTable')
  }

  /** With a token a request may be made again until it is known what became of it. */
  async #surely(step: Step, operation: string, input: object, token: string | undefined): Promise<Answered> {
    for (let attempt = 1; ; attempt++) {
      const answered = await this.#ask(step, operation, input)
      if (answered.kind !== 'unknown' || token === undefined || attempt === ATTEMPTS) {
        // One before may have done it, or may yet.
        return answered.kind === 'refused' && attempt > 1 ? { kind: 'unknown' } : answered
      }
      await this.#sleep(AGAIN_MS)
    }
  }

  async #ask(step: Step, operation: string, input: object): Promise<Answered> {
    const { trace } = this.#world
    try {
      const answer = await this.#world.ask(`s${step.server}`, operation, input)
      trace.note(`client ${step.client} ${step.op}: ${JSON.stringify(answer)}`)
      this.#history.count(`${step.op} done`)
      return { kind: 'answer', answer }
    } catch (error) {
      trace.note(`client ${step.client} ${step.op}: ${(error as Error).name} ${(error as Error).message}`)
      return this.#failed(step, error as Error)
    }
  }

  #failed(step: Step, error: Error): Answered {
    if (error instanceof DynamoError) {
      // Others may have changed the table before.
      const isSetting = /^(add|remove)Index$|^stream/.test(step.op)
      const isKnown = REFUSALS.has(error.code) || (isSetting && error.code === 'ValidationException')
      this.#history.count(`${step.op} ${error.code}`)
      if (isKnown) return { kind: 'refused', error }
      if (!['InternalServerError', 'TransactionInProgressException'].includes(error.code))
        this.#history.complaints.push(`${step.op} was refused: ${error.code}: ${error.message}`)
      return { kind: 'unknown' }
    }
    this.#history.count(`${step.op} ${error.name}`)
    if (!isTrouble(error)) this.#history.complaints.push(`${step.op} failed: ${error.stack}`)
    return { kind: 'unknown' }
  }
}

function resultOf(op: Op, answer: Json): Result {
  if (op.kind === 'get') return { kind: 'value', value: requests.valueIn(answer.Item) }
  if (op.kind === 'add') return { kind: 'value', value: requests.valueIn(answer.Attributes) }
  return { kind: 'done' }
}

/** What may come of a cluster in trouble; anything else is a defect. */
export function isTrouble(error: Error): boolean {
  if (error instanceof RemoteError) return !/TypeError|RangeError|ReferenceError|InvariantViolation/.test(error.message)
  return [CutOff, NotLeading, LogUnavailable, MetadataUnavailable, LeaseLost].some(kind => error instanceof kind)
}
