/** What the tests of backups share. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDB, PointInTimeRecoveryDescription } from '@aws-sdk/client-dynamodb'
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb'
import type { Plain } from './api.ts'

/** Resolves when the table and its indexes are ACTIVE. */
export async function active(db: DynamoDB, TableName: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const { Table } = await db.describeTable({ TableName })
    const indexes = Table!.GlobalSecondaryIndexes ?? []
    if (Table!.TableStatus === 'ACTIVE' && indexes.every(index => index.IndexStatus === 'ACTIVE')) return
    await sleep(50)
  }
  throw new Error(`${TableName} does not get ACTIVE`)
}

/** Enables point-in-time recovery, and resolves when there is something to recover. */
export async function protect(db: DynamoDB, TableName: string): Promise<PointInTimeRecoveryDescription> {
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
  let answer = await db.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification })
  for (let i = 0; i < 100; i++) {
    const description = answer.ContinuousBackupsDescription!.PointInTimeRecoveryDescription!
    if (description.EarliestRestorableDateTime) return description
    answer = await db.describeContinuousBackups({ TableName })
  }
  throw new Error('nothing can be recovered')
}

/** Resolves, when the backup is AVAILABLE, with its ARN. */
export async function backedUp(db: DynamoDB, TableName: string, BackupName = 'first'): Promise<string> {
  const { BackupDetails } = await db.createBackup({ TableName, BackupName })
  const { BackupArn } = BackupDetails!
  for (let i = 0; i < 200; i++) {
    const { BackupDescription } = await db.describeBackup({ BackupArn })
    if (BackupDescription!.BackupDetails!.BackupStatus === 'AVAILABLE') return BackupArn!
    await sleep(50)
  }
  throw new Error('the backup does not get AVAILABLE')
}

/** All rows of the table, or of an index, in an order of their own. */
export async function itemsOf(docs: DynamoDBDocument, TableName: string, IndexName?: string): Promise<Plain[]> {
  const items: Plain[] = []
  let ExclusiveStartKey: Plain | undefined
  do {
    const page = await docs.scan({ TableName, IndexName, ExclusiveStartKey, ConsistentRead: IndexName === undefined })
    items.push(...page.Items!)
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  return sorted(items)
}

export function sorted(items: Plain[]): Plain[] {
  return [...items].sort((a, b) => a.pk.localeCompare(b.pk) || (a.sk ?? 0) - (b.sk ?? 0))
}
