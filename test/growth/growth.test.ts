/** A table whose partitions are split while it is used: nobody notices, but for the shards of its stream. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Shard } from '@aws-sdk/client-dynamodb-streams'
import test from 'ava'
import { makeTable, type Plain, startApi } from '../api/api.ts'
import { active, backedUp, itemsOf, protect } from '../api/backups.ts'
import { type Change, iteratorOf, readFrom, shardsOf, streamsClient, withStream } from '../api/streams.ts'

const { db, docs, node } = await startApi({ inMemory: true, partitions: 1, splitBytes: 60_000, growthMs: 100 })
const streams = streamsClient(node.endpoint)
test.after.always(() => streams.destroy())

const ACCOUNTS = 20
const PATIENCE_MS = 60_000

test('a table grows while it is used: items, indexes, transactions, stream, backups and points in time', async t => {
  const TableName = await makeTable(db, {
    key: 'pk:S | sk:N',
    local: { byRank: { key: 'pk:S | rank:N' } },
    global: { byOwner: { key: 'owner:S', project: ['amount'] } },
    more: withStream(),
  })
  const arn = (await db.describeTable({ TableName })).Table!.LatestStreamArn!
  await protect(db, TableName)
  const account = (i: number) => ({ pk: `account ${i}`, sk: 0 })
  for (let i = 0; i < ACCOUNTS; i++) await docs.put({ TableName, Item: { ...account(i), amount: 100, owner: 'bank' } })

  let going = true
  let written = 0
  const errors: Error[] = []
  const history: { time: Date; items: Plain[] }[] = []
  let quiet: Promise<void> = Promise.resolve()
  const forever = async (work: () => Promise<unknown>) => {
    while (going) {
      await quiet
      await work().catch(error => errors.push(error))
    }
  }
  const write = async () => {
    const n = written++
    const Item = { pk: `item ${n % 97}`, sk: n % 7, rank: n % 5, owner: `owner ${n % 11}`, n, text: 'x'.repeat(600) }
    await docs.put({ TableName, Item })
    if (n % 13 === 0) await docs.delete({ TableName, Key: { pk: Item.pk, sk: Item.sk } })
  }
  const transfer = async () => {
    const [from, to] = [written % ACCOUNTS, (written * 7 + 3) % ACCOUNTS]
    if (from === to) return write()
    const move = (i: number, by: number) => ({
      Update: {
        TableName,
        Key: account(i),
        UpdateExpression: 'ADD amount :by',
        ExpressionAttributeValues: { ':by': by },
      },
    })
    const TransactItems = [move(from, -1), move(to, 1)]
    await docs.transactWrite({ TransactItems }).catch(error => {
      if (error.name !== 'TransactionCanceledException') throw error
    })
  }
  const audit = async () => {
    const TransactItems = Array.from({ length: ACCOUNTS }, (_, i) => ({ Get: { TableName, Key: account(i) } }))
    const { Responses } = await docs.transactGet({ TransactItems }).catch(error => {
      if (error.name !== 'TransactionCanceledException') throw error
      return { Responses: undefined }
    })
    const sum = Responses?.reduce((sum, { Item }) => sum + Item!.amount, 0) ?? ACCOUNTS * 100
    if (sum !== ACCOUNTS * 100) throw new Error(`the sum is ${sum}`)
  }
  const running = [forever(write), forever(write), forever(transfer), forever(audit)]
  const end = Date.now() + PATIENCE_MS
  for (let open = 1; open < 8 && Date.now() < end; ) {
    await sleep(150)
    let go = () => {}
    quiet = new Promise(resolve => (go = resolve))
    // What is under way ends before the picture is taken.
    await sleep(60)
    const items = await itemsOf(docs, TableName)
    const again = await itemsOf(docs, TableName)
    const { length } = (await shardsOf(streams, arn)).filter(({ SequenceNumberRange: r }) => !r!.EndingSequenceNumber)
    const isNew = length !== open && JSON.stringify(items) === JSON.stringify(again)
    if (isNew) history.push({ time: new Date(), items })
    open = length
    await sleep(5)
    go()
  }
  going = false
  await Promise.all(running)
  t.deepEqual(errors, [])

  const shards = await shardsOf(streams, arn)
  const open = shards.filter(({ SequenceNumberRange: range }) => !range!.EndingSequenceNumber)
  t.true(open.length >= 8, `${open.length} partitions`)
  t.log(`${written} writes, ${shards.length} shards, ${open.length} of them open, ${history.length} pictures`)
  const items = await itemsOf(docs, TableName)
  const plain = items.filter(({ sk, pk }) => sk !== 0 || pk.startsWith('item'))
  t.deepEqual(replayed(await changesOf(shards, arn)), texts(items))
  const ranked = await itemsOf(docs, TableName, 'byRank')
  t.deepEqual(texts(ranked), texts(items.filter(({ rank }) => rank !== undefined)))
  t.true(plain.length > 0)
  const owned = await itemsOf(docs, TableName, 'byOwner')
  t.deepEqual(
    texts(owned),
    texts(
      items.map(({ pk, sk, owner, amount }) => (amount === undefined ? { owner, pk, sk } : { owner, pk, sk, amount })),
    ),
  )

  const BackupArn = await backedUp(db, TableName)
  await db.restoreTableFromBackup({ BackupArn, TargetTableName: `${TableName}-copy` })
  await active(db, `${TableName}-copy`)
  t.deepEqual(texts(await itemsOf(docs, `${TableName}-copy`)), texts(items))
  for (const [i, { time, items }] of history.entries()) {
    const TargetTableName = `${TableName}-${i}`
    await db.restoreTableToPointInTime({ SourceTableName: TableName, TargetTableName, RestoreDateTime: time })
    await active(db, TargetTableName)
    t.deepEqual(texts(await itemsOf(docs, TargetTableName)), texts(items), `at picture ${i}`)
  }
})

function texts(items: Plain[]): string[] {
  const sortedKeys = (item: Plain) => Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
  return items.map(item => JSON.stringify(sortedKeys(item))).sort()
}

/** Of a shard only after those of its parent. Every number of an item's changes is greater than that of the one before. */
async function changesOf(shards: Shard[], arn: string): Promise<Change[]> {
  const changes: Change[] = []
  const done = new Set<string>()
  while (done.size < shards.length) {
    const next = shards.find(({ ShardId, ParentShardId: parent }) => {
      return !done.has(ShardId!) && (parent === undefined || done.has(parent))
    })
    const { ShardId } = next!
    done.add(ShardId!)
    changes.push(...(await readFrom(streams, await iteratorOf(streams, arn, ShardId!, 'TRIM_HORIZON'))).records)
  }
  return changes
}

/** The items that the changes make, each of which must follow the one before it. */
function replayed(changes: Change[]): string[] {
  const items = new Map<string, { image: string | undefined; number: bigint }>()
  for (const { dynamodb } of changes) {
    const { Keys, OldImage, NewImage, SequenceNumber } = dynamodb!
    const key = JSON.stringify(Keys)
    const before = items.get(key)
    const [old, image] = [OldImage, NewImage].map(image => image && texts([unmarshalled(image as Plain)])[0])
    const number = BigInt(SequenceNumber!)
    if (before?.image !== old) throw new Error(`${key}: ${old} does not follow ${before?.image}`)
    if (before && number <= before.number) throw new Error(`${key}: ${number} came after ${before.number}`)
    items.set(key, { image, number })
  }
  return [...items.values()].flatMap(({ image }) => image ?? []).sort()
}

function unmarshalled(image: Plain): Plain {
  const entries = Object.entries(image).map(([name, value]) => [
    name,
    value.N === undefined ? value.S : Number(value.N),
  ])
  return Object.fromEntries(entries)
}
