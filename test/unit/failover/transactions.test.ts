/** Transactions over partitions whose leaders die and move. */
import test from 'ava'
import { DynamoError } from '../../../server/model/errors.ts'
import type { Item } from '../../../server/model/item.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { randomOf } from '../../campaigns/random.ts'
import { Nodes } from '../../helpers/nodes.ts'
import { globalIndex } from '../cluster/given.ts'
import { item, key, N, put, S, update } from '../partition/given.ts'
import { clock } from '../replica/fakes.ts'
import { rowsOf, sameIndex } from './clients.ts'

const ACCOUNTS = 8
const OPENING = 100
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const name = (i: number) => `account ${i}`

class Bank {
  readonly #nodes: Nodes
  readonly #table: TableRecord
  readonly #random = randomOf(11, 0)
  readonly counts = { done: 0, refused: 0, unknown: 0, audits: 0 }
  going = true

  constructor(nodes: Nodes, table: TableRecord) {
    this.#nodes = nodes
    this.#table = table
  }

  async open(): Promise<void> {
    for (let i = 0; i < ACCOUNTS; i++)
      await this.#nodes.router.write(this.#table, put(item(name(i), 1, { balance: N(OPENING), owner: S('all') })))
  }

  async teller(): Promise<void> {
    while (this.going) {
      await this.#ask(() => this.#transfer())
      await sleep(2)
    }
  }

  async auditor(): Promise<void> {
    while (this.going) {
      await this.#ask(async () => {
        const gets = Array.from({ length: ACCOUNTS }, (_, i) => ({
          table: this.#table,
          key: put(item(name(i), 1)).key,
        }))
        const images = await this.#nodes.transactions.read(gets)
        const sum = images.reduce((sum, image) => sum + Number((JSON.parse(image!.json) as Item).balance!.N), 0)
        if (sum !== ACCOUNTS * OPENING) throw new Error(`the sum was ${sum}`)
        this.counts.audits += 1
      })
      await sleep(10)
    }
  }

  async #transfer(): Promise<void> {
    const random = this.#random
    const from = random.below(ACCOUNTS)
    const to = (from + 1 + random.below(ACCOUNTS - 1)) % ACCOUNTS
    const amount = 1 + random.below(30)
    const change = (i: number, by: number) => ({
      table: this.#table,
      command: update(key(name(i), 1), {
        UpdateExpression: 'SET balance = balance + :by',
        ConditionExpression: 'balance >= :least',
        ExpressionAttributeValues: { ':by': N(by), ':least': N(Math.max(0, -by)) },
      }),
    })
    await this.#nodes.transactions.write([change(from, -amount), change(to, amount)])
    this.counts.done += 1
  }

  async #ask(request: () => Promise<void>): Promise<void> {
    try {
      await request()
    } catch (error) {
      const isRefused = error instanceof DynamoError && error.code === 'TransactionCanceledException'
      const isUnknown =
        error instanceof NotLeading || (error instanceof DynamoError && error.code === 'InternalServerError')
      if (isRefused) this.counts.refused += 1
      else if (isUnknown) this.counts.unknown += 1
      else throw error
    }
  }
}

test.serial('transactions are whole or not at all, whatever becomes of the leaders', async t => {
  const byOwner = globalIndex('byOwner', {
    keySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
    partitions: [],
    status: 'CREATING',
  })
  const nodes = await Nodes.start(t, { partitionsPerTable: 4 })
  const table = await nodes.table('T', [byOwner])
  const bank = new Bank(nodes, table)
  await bank.open()
  const workers = [bank.teller(), bank.teller(), bank.teller(), bank.auditor()]
  for (let round = 0; round < 4; round++) {
    await sleep(300)
    const { name } = nodes.leading(table.partitions[round]!.id)!
    if (round % 2 === 0) await nodes.kill(name)
    else await nodes.stop(name)
    await sleep(600)
    await nodes.run(name)
  }
  await sleep(300)
  bank.going = false
  await Promise.all(workers)
  t.log(JSON.stringify(bank.counts))
  t.true(bank.counts.done > 50 && bank.counts.audits > 2)
  const end = clock.monotonic() + 5000
  while (clock.monotonic() < end && held(nodes, table)) await sleep(50)
  t.false(held(nodes, table), 'nothing is held')
  const rows = await rowsOf(nodes, table, false)
  t.is(
    rows.reduce((sum, { balance }) => sum + Number(balance!.N), 0),
    ACCOUNTS * OPENING,
  )
  await sameIndex(t, nodes, table)
})

function held(nodes: Nodes, { partitions }: TableRecord): boolean {
  const keys = Array.from({ length: ACCOUNTS }, (_, i) => put(item(name(i), 1)).key)
  return partitions.some(({ id }) => 'held' in (nodes.leader(id)?.transactions.read(keys, false) ?? { held: [] }))
}
