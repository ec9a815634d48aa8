/** Transactions over several partitions, in backups and at points in time: each is there as a whole, or not at all. */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { makeTable, refusal, startOwnApi } from './api.ts'
import { active, backedUp, itemsOf, protect } from './backups.ts'

const ACCOUNTS = 12
const BALANCE = 100

test('sums stay, whenever the table is copied', async t => {
  const { db, docs } = await startOwnApi(t, { partitions: 4 })
  const TableName = await makeTable(db, { key: 'pk:S' })
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => ({ pk: `account ${i}` }))
  for (const account of accounts) await docs.put({ TableName, Item: { ...account, balance: BALANCE } })
  await protect(db, TableName)
  await sleep(1100)
  const add = (Key: object, by: number) => ({
    Update: {
      TableName,
      Key,
      UpdateExpression: 'ADD balance :by',
      ExpressionAttributeValues: { ':by': by },
    },
  })
  let going = true
  let transfers = 0
  const transferrer = async (seed: number) => {
    for (let turn = 0; going; turn++) {
      const [from, to] = [accounts[(seed + turn) % ACCOUNTS]!, accounts[(seed * 3 + turn * 5 + 1) % ACCOUNTS]!]
      if (from === to) continue
      const TransactItems = [add(from, -1), add(to, 1)]
      if ((await refusal(docs.transactWrite({ TransactItems }))) === 'done') transfers++
    }
  }
  const work = [1, 2, 3, 4].map(transferrer)
  const backups: string[] = []
  const times: Date[] = []
  for (let i = 0; i < 3; i++) {
    backups.push(await backedUp(db, TableName, `backup-${i}`))
    for (let j = 0; j < 4; j++) {
      await sleep(37)
      times.push(new Date())
    }
  }
  const latest = `${TableName}-latest`
  await db.restoreTableToPointInTime({
    SourceTableName: TableName,
    TargetTableName: latest,
    UseLatestRestorableTime: true,
  })
  going = false
  await Promise.all(work)
  const sum = async (target: string) => {
    await active(db, target)
    return (await itemsOf(docs, target)).reduce((sum, { balance }) => sum + balance, 0)
  }
  t.is(await sum(latest), ACCOUNTS * BALANCE)
  for (const [i, BackupArn] of backups.entries()) {
    await db.restoreTableFromBackup({ BackupArn, TargetTableName: `${TableName}-backup-${i}` })
    t.is(await sum(`${TableName}-backup-${i}`), ACCOUNTS * BALANCE)
  }
  for (const [i, RestoreDateTime] of times.entries()) {
    const TargetTableName = `${TableName}-at-${i}`
    await db.restoreTableToPointInTime({ SourceTableName: TableName, TargetTableName, RestoreDateTime })
    t.is(await sum(TargetTableName), ACCOUNTS * BALANCE, RestoreDateTime.toISOString())
  }
  t.log(`${transfers} transfers`)
  t.true(transfers > 20)
})
