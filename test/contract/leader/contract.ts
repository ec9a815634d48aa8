/** What a partition's leader does for those who ask it, be it in their process or in another. */
import { randomUUID } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import type { WholeLeader } from '../../../server/cluster/leaders.ts'
import { hashRange } from '../../../server/codec/range.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import type { AttributeValue } from '../../../server/model/item.ts'
import { setOwn } from '../../../server/model/item.ts'
import type { TableSchema } from '../../../server/model/schema.ts'
import { decodeEntry } from '../../../server/partition/entry.ts'
import type { CommitRequest, PrepareRequest } from '../../../server/partition/transaction.ts'
import { Interrupted, NotLeading } from '../../../server/replica/pipeline.ts'
import { INDEXED, item, key, N, partitionSchema, put, remove, S, update } from '../../unit/partition/given.ts'
import { type LedPartition, lead } from '../../unit/replica/fakes.ts'

export type LeaderFixture = {
  /** The leader as the contract asks it. */
  leader: WholeLeader
  close(): Promise<void>
}

const ALL = { ...hashRange(0, 2 ** 32), maxBytes: 1e6 }

export function leaderContract(connect: (leader: WholeLeader) => Promise<LeaderFixture>): void {
  const given = async (
    t: ExecutionContext,
    table: TableSchema = INDEXED,
  ): Promise<{ leader: WholeLeader; led: LedPartition }> => {
    const led = await lead({ schema: partitionSchema(table) })
    const { leader, close } = await connect(led.leader)
    t.teardown(async () => {
      led.leader.stop('the test is over')
      await close()
    })
    return { leader, led }
  }

  test('an item is what was put, or nothing', async t => {
    const { leader } = await given(t)
    const written = item('a', 1, { x: S('ö ☃ 😀 "\\\u0000'), deep: { L: [{ M: { y: { NULL: true } } }] } })
    setOwn(written, '__proto__', S('mine'))
    setOwn(written, 'constructor', { M: setOwn2({}, '__proto__', N(1)) })
    const command = put(written)
    const { attributes, units } = await leader.write(command)
    t.is(attributes, undefined)
    t.deepEqual(units, { table: 1, indexes: {} })
    const image = (await leader.get(command.key))!
    t.is(image.json, JSON.stringify(written))
    t.is(image.size, (command as { size: number }).size)
    t.is(await leader.get(put(item('b', 1)).key), undefined)
  })

  test('a write returns what it was asked to', async t => {
    const { leader } = await given(t)
    await leader.write(put(item('a', 1, { n: N(1), owner: S('o'), date: S('d') })))
    const updated = await leader.write(
      update(key('a', 1), {
        UpdateExpression: 'SET n = n + :one, #d = :d REMOVE x',
        ExpressionAttributeNames: { '#d': 'date' },
        ExpressionAttributeValues: { ':one': N(1), ':d': S('e') },
        returnValues: 'UPDATED_NEW',
      }),
    )
    t.deepEqual(JSON.parse(updated.attributes!), { n: N(2), date: S('e') })
    t.true(updated.units.indexes.byOwner! > 0)
    const removed = await leader.write(remove(key('a', 1), { returnValues: 'ALL_OLD' }))
    t.deepEqual(JSON.parse(removed.attributes!), item('a', 1, { n: N(2), owner: S('o'), date: S('e') }))
    t.is((await leader.write(remove(key('a', 1), { returnValues: 'ALL_OLD' }))).attributes, undefined)
  })

  test('a refusal is a DynamoDB error with all that belongs to it', async t => {
    const { leader } = await given(t)
    const before = setOwn2(item('a', 1), '__proto__', S('x'))
    await leader.write(put(before))
    const refused = await t.throwsAsync<DynamoError>(
      leader.write(put(item('a', 1), { ConditionExpression: 'attribute_not_exists(p)', returnOnFailure: true })),
      { instanceOf: DynamoError },
    )
    t.is(refused.code, 'ConditionalCheckFailedException')
    t.is(refused.name, 'ConditionalCheckFailedException')
    t.is(refused.status, 400)
    t.is(refused.message, 'The conditional request failed')
    t.is(JSON.stringify(refused.members), JSON.stringify({ Item: before }))
    t.is(refused.consumed, 1)
    t.is(JSON.parse(refused.toBody()).__type, 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException')
    const invalid = await t.throwsAsync<DynamoError>(
      leader.write(
        update(key('a', 1), { UpdateExpression: 'SET p.a = :a', ExpressionAttributeValues: { ':a': S('1') } }),
      ),
      { instanceOf: DynamoError },
    )
    t.is(JSON.parse(invalid.toBody()).__type, 'com.amazon.coral.validate#ValidationException')
  })

  test('ranges come whole, cut, spliced, reversed, and of an index', async t => {
    const { leader } = await given(t)
    for (let i = 1; i <= 5; i++) await leader.write(put(item('a', i, { date: S(`d${9 - i}`), size: N(i) })))
    const names = (rows: { json: string }[]) => rows.map(({ json }) => JSON.parse(json).s.N).join('')
    const whole = await leader.range(ALL)
    t.is(names(whole.rows), '12345')
    t.false(whole.cut)
    t.is(
      whole.bytes,
      whole.rows.reduce((sum, { size }) => sum + size, 0),
    )
    const cut = await leader.range({ ...ALL, limit: 2, reverse: true })
    t.is(names(cut.rows), '54')
    t.true(cut.cut)
    t.is(names((await leader.range({ ...ALL, after: put(item('a', 3)).key })).rows), '45')
    t.is((await leader.range({ ...ALL, maxBytes: 1 })).rows.length, 1)
    t.is((await leader.range({ ...ALL, maxBytes: Number.POSITIVE_INFINITY })).rows.length, 5)
    const { spliced, rows } = await leader.range({ ...ALL, splice: true })
    t.is(rows.length, 0)
    t.is(spliced!.count, 5)
    t.is(names(JSON.parse(`[${spliced!.text}]`).map((row: object) => ({ json: JSON.stringify(row) }))), '12345')
    t.is(names((await leader.range({ ...ALL, index: 'id of byDate' })).rows), '54321')
  })

  test('large items and pages come through', async t => {
    const { leader } = await given(t)
    const large = (i: number) => item('a', i, { x: S(String.fromCharCode(96 + i).repeat(390_000)) })
    await Promise.all([1, 2, 3, 4].map(i => leader.write(put(large(i)))))
    const { rows, cut } = await leader.range({ ...ALL, maxBytes: 1e6 })
    t.deepEqual(
      rows.map(({ json }) => JSON.parse(json)),
      [1, 2, 3].map(large),
    )
    t.true(cut)
  })

  test('statistics count rows', async t => {
    const { leader } = await given(t)
    const command = put(item('a', 1, { date: S('d') }))
    await leader.write(command)
    const { items, bytes, local } = await leader.statistics()
    t.is(items, 1)
    t.is(bytes, (command as { size: number }).size)
    t.is(local.byDate!.items, 1)
    t.is(local.bySize!.items, 0)
    t.is(await leader.fed('id of byOwner'), undefined)
  })

  test('a transaction is prepared, and resolved', async t => {
    const { leader } = await given(t)
    const { transactions } = leader
    const transaction = randomUUID()
    const request: PrepareRequest = { transaction, home: 'home', actions: [put(item('a', 1)), put(item('b', 1))] }
    const { ticket, verdicts } = await transactions.prepare(request)
    t.is(typeof ticket, 'string')
    t.is(verdicts.length, 2)
    t.true(verdicts.every(verdict => 'outcome' in verdict && verdict.size > 0))
    const held = { transaction, ticket: ticket! }
    t.deepEqual(await transactions.holds([held, { transaction, ticket: 'other' }]), [true, false])
    t.deepEqual(await transactions.read([put(item('a', 1)).key, put(item('c', 1)).key], false), { held: [0] })
    await t.throwsAsync(leader.write(put(item('a', 1))), { name: 'TransactionConflictException' })
    const other = await transactions.prepare({ ...request, transaction: randomUUID() })
    t.is(other.ticket, undefined)
    t.deepEqual(
      other.verdicts.map(verdict => 'refusal' in verdict && verdict.refusal.code),
      ['TransactionConflict', 'TransactionConflict'],
    )
    await transactions.resolve(held, { committed: Date.now() })
    t.deepEqual(await transactions.holds([held]), [false])
    t.is((await leader.get(put(item('b', 1)).key))?.json, JSON.stringify(item('b', 1)))
  })

  test('a home checks, decides once, and remembers', async t => {
    const { leader } = await given(t)
    const { transactions } = leader
    const actions = [put(item('a', 1), { ConditionExpression: 'attribute_not_exists(p)' })]
    const participants = [{ partition: 'other', ticket: '1.1' }]
    const request = (): CommitRequest => ({
      transaction: randomUUID(),
      began: Date.now(),
      actions,
      participants,
      token: undefined,
    })
    const first = request()
    const checked = await transactions.check({ transaction: first.transaction, actions, token: undefined })
    t.is(checked.kind, 'checked')
    t.is(await transactions.outcome(first.transaction, participants[0]!), 'running')
    const committed = await transactions.commit(first)
    t.is(committed.kind === 'committed' && committed.outcomes!.length, 1)
    const again = await transactions.commit(first)
    t.is(again.kind === 'committed' && again.outcomes, undefined)
    t.deepEqual(await transactions.outcome(first.transaction, participants[0]!), {
      committed: committed.kind === 'committed' ? committed.time! : 0,
    })
    t.is(await transactions.outcome(first.transaction, { partition: 'other', ticket: '9' }), 'aborted')
    const refused = await transactions.commit(request())
    t.true(refused.kind === 'refused' && 'refusal' in refused.verdicts[0]!)
    const abandoned = request()
    await transactions.abandon(abandoned.transaction)
    t.is(await transactions.outcome(abandoned.transaction, participants[0]!), 'aborted')
    t.is((await transactions.commit(abandoned)).kind, 'aborted')
  })

  test('a token is known with what it stood for', async t => {
    const { leader } = await given(t)
    const { transactions } = leader
    const token = { token: 'täken', request: 'hash' }
    t.is(await transactions.token(token), undefined)
    const part = { ...token, units: [0, 7], places: [0] }
    const request = { transaction: randomUUID(), began: Date.now(), actions: [put(item('a', 1))], participants: [] }
    t.is((await transactions.commit({ ...request, token: part })).kind, 'committed')
    t.deepEqual(await transactions.token(token), { kind: 'replayed', units: [1, 7] })
    t.deepEqual(await transactions.token({ ...token, request: 'another' }), { kind: 'mismatch' })
    t.deepEqual(await transactions.commit({ ...request, transaction: randomUUID(), token: part }), {
      kind: 'replayed',
      units: [1, 7],
    })
  })

  test('a read of one moment tells what has changed since', async t => {
    const { leader } = await given(t)
    const { transactions } = leader
    await leader.write(put(item('a', 1)))
    const keys = ['a', 'b', 'c'].map(p => put(item(p, 1)).key)
    const answer = await transactions.read(keys, true)
    if (!('images' in answer)) return t.fail()
    t.deepEqual(
      answer.images.map(image => image?.json),
      [JSON.stringify(item('a', 1)), undefined, undefined],
    )
    await leader.write(put(item('c', 1)))
    t.deepEqual(await transactions.changed(answer.watch!, keys), [2])
    t.deepEqual(await transactions.changed(answer.watch!, keys), [0, 1, 2])
    const unwatched = await transactions.read(keys, false)
    t.true('images' in unwatched && unwatched.watch === undefined)
  })

  test('its rows and entries can be copied', async t => {
    const { leader } = await given(t)
    const { history } = leader
    for (let i = 1; i <= 3; i++) await leader.write(put(item('a', i, { x: S('ä'.repeat(90_000)) })))
    const first = await history.rows(undefined)
    const second = await history.rows(first.next)
    t.deepEqual(
      [...first.rows, ...second.rows].map(({ json }) => JSON.parse(json).s.N),
      ['1', '2', '3'],
    )
    t.is(second.next, undefined)
    const end = await history.settled(Date.now())
    t.is(end, second.position)
    const entries = await history.entries(end - 2, 1)
    t.is(entries[0]!.position, end - 1)
    const entry = decodeEntry(entries[0]!.bytes)
    t.is(entry.kind === 'write' && entry.effects[0]!.image!.size, first.rows[0]!.size)
    t.is(await history.retain('me'), end)
    t.is(await history.retain('me', 2), 2)
    t.is(await history.release('me'), undefined)
  })

  test('its changes are read, as those of a stream', async t => {
    const { leader } = await given(t, { ...INDEXED, stream: { label: 's', viewType: 'NEW_AND_OLD_IMAGES' } })
    const { changes } = leader
    await leader.write(put(item('a', 1, { x: S('ä') })))
    await leader.write(remove(key('a', 1)))
    t.is(await changes.shard('none'), undefined)
    const state = (await changes.shard('s'))!
    t.is(state.until, undefined)
    t.true(state.next > state.since)
    const page = (await changes.read({ label: 's', from: 0n, limit: 10, maxBytes: 1e6 }))!
    const [first, second] = page.rows
    t.is(page.rows.length, 2)
    t.true(second!.sequence > first!.sequence && first!.sequence >= page.since)
    t.is(first!.oldImage, undefined)
    t.is(first!.before, undefined)
    t.is(first!.newImage, JSON.stringify(item('a', 1, { x: S('ä') })))
    t.is(second!.oldImage, first!.newImage)
    t.is(second!.before, first!.after)
    t.deepEqual(Buffer.from(first!.key), put(item('a', 1)).key)
    t.false(first!.byService)
    const rest = (await changes.read({ label: 's', from: second!.sequence, limit: 1, maxBytes: 1 }))!
    t.deepEqual(
      rest.rows.map(({ sequence }) => sequence),
      [second!.sequence],
    )
    t.true(rest.resume! > second!.sequence)
  })

  test('an index takes in what it is fed, once', async t => {
    const { leader } = await given(t)
    const { key: row } = put(item('a', 1))
    t.is(await leader.consumed('source'), 0)
    await leader.feed('source', 7, [{ key: row, image: { json: '{"x":{"S":"ä"}}', size: 3 } }])
    t.is(await leader.consumed('source'), 7)
    await leader.feed('source', 7, [{ key: row, image: undefined }])
    t.deepEqual(await leader.get(row), { json: '{"x":{"S":"ä"}}', size: 3 })
    await leader.feed('source', 9, [{ key: row, image: undefined }])
    t.is(await leader.get(row), undefined)
  })

  test('a leader that has stepped down does nothing, and says so', async t => {
    const { leader, led } = await given(t)
    await leader.write(put(item('a', 1)))
    led.leader.stop('another leads')
    const error = await t.throwsAsync(leader.write(put(item('a', 2))), { instanceOf: NotLeading })
    t.false(error instanceof Interrupted)
    t.is(error?.message, 'another leads')
  })

  test('a write that was on its way when its leader stepped down may be done', async t => {
    const { leader, led } = await given(t)
    led.log.close()
    const writing = leader.write(put(item('a', 1)))
    while (led.log.held === 0) await new Promise(resolve => setTimeout(resolve, 1))
    led.leader.stop('another leads')
    await t.throwsAsync(writing, { instanceOf: Interrupted, message: 'another leads' })
  })

  test('a slow write holds up nobody', async t => {
    const { leader, led } = await given(t)
    await leader.write(put(item('a', 1)))
    led.log.close()
    const writing = leader.write(put(item('a', 2)))
    for (let i = 0; i < 20; i++) t.is((await leader.get(put(item('a', 1)).key))?.size, 5)
    await led.log.pass()
    await t.notThrowsAsync(writing)
  })

  test('many ask at once, and each gets the own answer', async t => {
    const { leader } = await given(t)
    await Promise.all(Array.from({ length: 300 }, (_, i) => leader.write(put(item('a', i, { x: N(i) })))))
    const images = await Promise.all(Array.from({ length: 300 }, (_, i) => leader.get(put(item('a', i)).key)))
    t.deepEqual(
      images.map(image => JSON.parse(image!.json).x.N),
      Array.from({ length: 300 }, (_, i) => String(i)),
    )
  })
}

function setOwn2<T extends { [name: string]: AttributeValue }>(object: T, name: string, value: AttributeValue): T {
  setOwn(object as { [name: string]: AttributeValue }, name, value)
  return object
}
