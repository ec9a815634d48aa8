/** What a publisher does with a bus that forgets, fails and is away. */
import test from 'ava'
import { silent } from '../../../server/base/logger.ts'
import type { StreamRecord } from '../../../server/cluster/streamrecords.ts'
import type { ChangeRow, ChangesRequest } from '../../../server/partition/command.ts'
import type { BusMessage, ChangeBus } from '../../../server/streams/publish/bus.ts'
import { Publisher } from '../../../server/streams/publish/publisher.ts'
import { recordOf } from '../operator/tables.ts'
import { item, put } from '../partition/given.ts'
import { clock, until } from '../replica/fakes.ts'

const PARTITION = '0123456789abcdef'

/** A bus of one channel. */
class Bus implements ChangeBus {
  readonly maxBytes = undefined
  messages: BusMessage[] = []
  isAway = false
  asked = 0
  last = async () => {
    this.asked += 1
    if (this.isAway) throw new Error('away')
    const last = this.messages.at(-1)
    return last && { place: this.messages.length, id: last.id }
  }
  appends = 0
  append = async (_: unknown, messages: BusMessage[], after: number) => {
    if (this.isAway || after !== this.messages.length) throw new Error('refused')
    this.appends += 1
    this.messages.push(...messages)
    return this.messages.length
  }
  empty = async () => []
  remove = async () => {}
  close = async () => {}
}

/** A leader with changes. */
class Leader {
  leads = true
  readonly rows: ChangeRow[] = []
  #wake = () => {}
  readonly changes = {
    read: ({ from, limit }: ChangesRequest) => {
      const next = BigInt(this.rows.length + 1)
      const rows = this.rows.filter(({ sequence }) => sequence >= from).slice(0, limit)
      const resume = rows.length > 0 ? rows.at(-1)!.sequence + 1n : from > next ? from : next
      return { since: 1n, until: undefined, trimmed: 0n, next, rows, resume }
    },
    grown: (ms: number) =>
      new Promise<void>(resolve => {
        const cancel = clock.after(ms, resolve)
        this.#wake = () => {
          cancel()
          resolve()
        }
      }),
  }

  write(more: Partial<ChangeRow> = {}): void {
    const n = this.rows.length + 1
    const { key, item: image } = { key: put(item('a', n)).key, item: JSON.stringify(item('a', n)) }
    const sizes = { before: undefined, after: 10, oldImage: undefined, newImage: image }
    this.rows.push({ sequence: BigInt(n), time: Date.now(), byService: false, key, ...sizes, ...more })
    this.#wake()
  }
}

function start(prepare = (_bus: Bus, _leader: Leader) => {}) {
  const [bus, leader] = [new Bus(), new Leader()]
  prepare(bus, leader)
  const stream = {
    ...{ table: recordOf('orders', TABLE), label: '2026-01-01T00:00:00.000', viewType: 'NEW_IMAGE' },
    ...{ status: 'ENABLED', keySchema: TABLE.keySchema, partitions: [] },
  } as unknown as StreamRecord
  const ports = { bus, region: 'r', retentionMs: 3_600_000, clock, logger: silent, published: () => {} }
  const channel = { stream: 's', subject: 's.1', subjects: 's.*' }
  const publisher = new Publisher(ports, leader, stream, { id: 'shard', partition: PARTITION }, channel)
  return { bus, leader, publisher }
}

const TABLE = {
  attributeDefinitions: [
    { AttributeName: 'p', AttributeType: 'S' as const },
    { AttributeName: 's', AttributeType: 'N' as const },
  ],
  keySchema: [
    { AttributeName: 'p', KeyType: 'HASH' as const },
    { AttributeName: 's', KeyType: 'RANGE' as const },
  ],
}

test('a change carries the trace of the request that made it, if that had one', async t => {
  const { bus, leader, publisher } = start()
  leader.write({ trace: '00-a-b-01' })
  leader.write()
  await until(() => bus.messages.length === 2)
  t.deepEqual(
    bus.messages.map(({ headers }) => headers.traceparent),
    ['00-a-b-01', undefined],
  )
  t.false(bus.messages[1]!.text.includes('trace'))
  publisher.stop()
})

test('what was published is published again when the bus has forgotten it', async t => {
  const { bus, leader, publisher } = start()
  for (let n = 1; n <= 3; n++) leader.write()
  await until(() => bus.messages.length === 3)
  const before = bus.messages.splice(0)
  leader.write()
  await until(() => bus.messages.length === 4)
  t.deepEqual(bus.messages.slice(0, 3), before)
  publisher.stop()
})

test('a bus that is away from the beginning: what comes meanwhile waits, and is seen to', async t => {
  const { bus, leader, publisher } = start((bus, leader) => {
    bus.isAway = true
    leader.write({ time: 1 })
  })
  // What was there before it was first asked may be published, for all that is known.
  await until(() => bus.asked > 0)
  leader.write({ time: Date.now() })
  await until(() => publisher.waitingSince !== undefined)
  t.is(publisher.waitingSince, leader.rows[1]!.time)
  t.is(publisher.until, 0n)
  bus.isAway = false
  await until(() => bus.messages.length === 1)
  await until(() => publisher.waitingSince === undefined)
  t.is(publisher.until, 3n)
  publisher.stop()
})

test('changes that come one by one are published together', async t => {
  const { bus, leader, publisher } = start()
  await until(() => bus.asked > 0)
  for (let n = 1; n <= 60; n++) {
    leader.write()
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await until(() => bus.messages.length === 60)
  t.true(bus.appends < 40, `${bus.appends} appends`)
  publisher.stop()
})
