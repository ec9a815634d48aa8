/** Clients of a cluster in memory: they do as a workload says, and write down what they are told. */
import type { ExecutionContext } from 'ava'
import { hashRange } from '../../../server/codec/range.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import type { Item } from '../../../server/model/item.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import type { Page } from '../../../server/partition/command.ts'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { randomOf } from '../../campaigns/random.ts'
import type { Nodes } from '../../helpers/nodes.ts'
import { check } from '../../linearizability/checker.ts'
import { type Op, type Operation, Recorder, type Result, type Value } from '../../linearizability/history.ts'
import { Workload } from '../../linearizability/workload.ts'
import { item, key, N, put, remove, S, update } from '../partition/given.ts'
import { clock } from '../replica/fakes.ts'

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']
const COUNTERS = ['n', 'm']
/** Between the requests of a client. */
const PACE_MS = 2

export class Clients {
  readonly recorder = new Recorder(() => clock.monotonic())
  readonly #nodes: Nodes
  readonly #table: TableRecord
  readonly #workload: Workload
  readonly #running: Promise<void>[] = []
  #going = true
  /** The longest that any request took, in milliseconds. */
  slowest = 0
  readonly errors: Error[] = []
  /** How long nothing could run at all in this process, in milliseconds: other programs were faster. */
  stalled = 0

  /** End with the test at the latest. */
  constructor(t: ExecutionContext, nodes: Nodes, table: TableRecord, seed: number, count = 6) {
    this.#nodes = nodes
    this.#table = table
    this.#workload = new Workload(randomOf(seed, 0), KEYS, COUNTERS)
    for (let client = 0; client < count; client++) this.#running.push(this.#run(client))
    this.#running.push(this.#measure())
    t.teardown(() => this.stop())
  }

  get count(): number {
    return this.recorder.operations.length
  }

  async stop(): Promise<Operation[]> {
    this.#going = false
    await Promise.all(this.#running)
    return this.recorder.operations
  }

  /** Stops, and sees that what was told can be explained, and that the index is what the table says. */
  async verify(t: ExecutionContext): Promise<void> {
    const history = await this.stop()
    t.deepEqual(check(history), { valid: true })
    const known = history.filter(({ result }) => result).length
    t.log(
      `${known} of ${history.length} outcomes known; the slowest took ${Math.round(this.slowest)} ms, of which ${Math.round(this.stalled)} none could run`,
    )
    await sameIndex(t, this.#nodes, this.#table)
  }

  async #run(client: number): Promise<void> {
    while (this.#going) {
      const { key, op } = this.#workload.next()
      const start = clock.monotonic()
      const operation = await this.recorder.record(client, key, op, () => this.#do(key, op))
      this.slowest = Math.max(this.slowest, clock.monotonic() - start)
      this.#workload.heard(operation)
      await new Promise(resolve => setTimeout(resolve, PACE_MS))
    }
  }

  async #measure(): Promise<void> {
    while (this.#going) {
      const start = clock.monotonic()
      await new Promise(resolve => setTimeout(resolve, 10))
      this.stalled += Math.max(0, clock.monotonic() - start - 50)
    }
  }

  async #do(name: string, op: Op): Promise<Result | undefined> {
    try {
      return await request(this.#nodes, this.#table, name, op)
    } catch (error) {
      if (error instanceof DynamoError && error.code === 'ConditionalCheckFailedException') {
        const found = error.members?.Item as Item | undefined
        return { kind: 'refused', found: { value: valueIn(found) } }
      }
      this.errors.push(error as Error)
      const isUnknown =
        error instanceof NotLeading || (error instanceof DynamoError && error.code === 'InternalServerError')
      if (!isUnknown) throw error
      return undefined
    }
  }
}

/** One request through the router. Errors: its own. */
export async function request({ router }: Nodes, table: TableRecord, name: string, op: Op): Promise<Result> {
  if (op.kind === 'get') {
    const image = await router.get(table, put(item(name, 1)).key, true)
    return { kind: 'value', value: valueIn(image && (JSON.parse(image.json) as Item)) }
  }
  if (op.kind === 'add') {
    const values = { ':by': N(op.by), ':o': S('counters') }
    const expressions = { UpdateExpression: 'SET v = if_not_exists(v, :zero) + :by, #o = :o' }
    const names = { ExpressionAttributeNames: { '#o': 'owner' } }
    const more = { ...expressions, ...names, ExpressionAttributeValues: { ...values, ':zero': N(0) } }
    const command = update(key(name, 1), { ...more, returnValues: 'ALL_NEW' })
    const { attributes } = await router.write(table, command)
    return { kind: 'value', value: valueIn(JSON.parse(attributes!) as Item) }
  }
  await router.write(table, commandOf(name, op))
  return { kind: 'done' }
}

function commandOf(name: string, op: Exclude<Op, { kind: 'get' | 'add' }>) {
  if (op.kind === 'delete') return remove(key(name, 1))
  const next = item(name, 1, { v: S(op.value as string), owner: S(op.value as string) })
  if (op.kind === 'put') return put(next)
  const isAbsent = op.expected === undefined
  const condition = isAbsent
    ? { ConditionExpression: 'attribute_not_exists(p)' }
    : { ConditionExpression: 'v = :e', ExpressionAttributeValues: { ':e': S(op.expected as string) } }
  return put(next, { ...condition, returnOnFailure: true })
}

function valueIn(found: Item | undefined): Value {
  if (!found) return undefined
  return found.v!.N === undefined ? found.v!.S : Number(found.v!.N)
}

/** The rows of all partitions of the table, or of its first index. */
export async function rowsOf({ router }: Nodes, table: TableRecord, index: boolean): Promise<Item[]> {
  const target = index ? { globalIndex: table.globalIndexes[0]! } : undefined
  const range = { ...hashRange(0, 2 ** 32), maxBytes: 1e9 }
  const page: Page = await router.range(table, target, range, true)
  const rows = page.rows.map(({ json }) => JSON.parse(json) as Item)
  return rows.sort((a, b) => (a.p!.S! < b.p!.S! ? -1 : 1))
}

export async function sameIndex(t: ExecutionContext, nodes: Nodes, table: TableRecord): Promise<void> {
  if (table.globalIndexes.length === 0) return
  const end = clock.monotonic() + 3000
  while (true) {
    const [rows, indexed] = [await rowsOf(nodes, table, false), await rowsOf(nodes, table, true)]
    if (JSON.stringify(rows) === JSON.stringify(indexed) || clock.monotonic() > end)
      return void t.deepEqual(indexed, rows)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
