/** Copies that are asked for while writes go on, and looked at when the process has died and come back. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, ApiError, TABLE } from '../crash/api.ts'
import { CREATE } from '../crash/campaign.ts'
import { exportedIn, requireSame, rowsOf, type Whole } from './table.ts'

/** `check` says what became of it: done, or not begun before the kill. Errors: anything else. */
export type Job = { ask(api: Api): Promise<unknown>; check(api: Api): Promise<'done' | 'not begun'> }

type Described = { [member: string]: never }

const PATIENCE_MS = 30_000
export const BUCKET = 'copies'

const TABLE_ARN = `arn:aws:dynamodb:us-east-1:123456789012:table/${TABLE}`
/** What an import takes of the table's definition: it makes no local indexes. */
const PARAMETERS = {
  BillingMode: CREATE.BillingMode,
  AttributeDefinitions: CREATE.AttributeDefinitions,
  KeySchema: CREATE.KeySchema,
  GlobalSecondaryIndexes: CREATE.GlobalSecondaryIndexes,
}

/** A table `name` from the backup. */
export function restore(name: string, BackupArn: string, wanted: Whole): Job {
  return {
    ask: api => api('RestoreTableFromBackup', { TargetTableName: name, BackupArn }),
    check: api => checkTable(api, name, wanted, 'a restored table'),
  }
}

/** A table `name` as the campaign's was at `time`. */
export function restoreTo(name: string, time: number, wanted: Whole): Job {
  const request = { SourceTableName: TABLE, TargetTableName: name, RestoreDateTime: time / 1000 }
  return {
    ask: api => api('RestoreTableToPointInTime', request),
    check: api => checkTable(api, name, wanted, 'a table restored to a point in time'),
  }
}

/** An export of the table as it was at `time`. `token` names it. */
export function exportAt(buckets: string, token: string, time: number, wanted: Whole, done: (id: string) => void): Job {
  const request = { TableArn: TABLE_ARN, S3Bucket: BUCKET, ClientToken: token, ExportTime: time / 1000 }
  return {
    ask: api => api('ExportTableToPointInTime', request),
    async check(api) {
      const { ExportSummaries } = (await api('ListExports', { MaxResults: 1 })) as unknown as {
        ExportSummaries: Described[]
      }
      const ExportArn = ExportSummaries[0]?.ExportArn as string | undefined
      if (!ExportArn) return 'not begun'
      const member = 'ExportDescription'
      const description = await settled(api, 'DescribeExport', { ExportArn }, member, 'ExportStatus')
      if (description.ClientToken !== token) return 'not begun'
      if (description.ExportStatus !== 'COMPLETED') throw new Error(`an export is ${JSON.stringify(description)}`)
      const id = ExportArn.slice(ExportArn.lastIndexOf('/') + 1)
      requireSame('an export', wanted, await exportedIn(join(buckets, BUCKET, 'AWSDynamoDB', id)))
      done(id)
      return 'done'
    },
  }
}

/** A table `name` from an export. */
export function importOf(name: string, id: string, wanted: Whole): Job {
  const request = {
    S3BucketSource: { S3Bucket: BUCKET, S3KeyPrefix: `AWSDynamoDB/${id}/data/` },
    InputFormat: 'DYNAMODB_JSON',
    InputCompressionType: 'GZIP',
    TableCreationParameters: { TableName: name, ...PARAMETERS },
  }
  return {
    ask: api => api('ImportTable', request),
    async check(api) {
      const { ImportSummaryList } = (await api('ListImports', {
        TableArn: TABLE_ARN.replace(TABLE, name),
      })) as unknown as { ImportSummaryList: Described[] }
      const ImportArn = ImportSummaryList[0]?.ImportArn
      if (!ImportArn) return 'not begun'
      const description = await settled(api, 'DescribeImport', { ImportArn }, 'ImportTableDescription', 'ImportStatus')
      if (description.ImportStatus !== 'COMPLETED') throw new Error(`an import is ${JSON.stringify(description)}`)
      return checkTable(api, name, wanted, 'an imported table')
    },
  }
}

/** Looks at the table and its global index, and removes it. */
async function checkTable(api: Api, name: string, wanted: Whole, what: string): Promise<'done' | 'not begun'> {
  try {
    await settled(api, 'DescribeTable', { TableName: name }, 'Table', 'TableStatus')
  } catch (error) {
    if (error instanceof ApiError && error.type === 'ResourceNotFoundException') return 'not begun'
    throw error
  }
  requireSame(what, wanted, await rowsOf(api, name))
  const colored = [...wanted.values()].filter(item => item.color).length
  const rows = await rowsOf(api, name, 'ByColor')
  if (rows.length !== colored) throw new Error(`the index of ${what} has ${rows.length} rows, not ${colored}`)
  await api('DeleteTable', { TableName: name })
  return 'done'
}

/** Resolves with the description when it is no longer under way. */
export async function settled(
  api: Api,
  operation: string,
  request: object,
  member: string,
  status: string,
): Promise<Described> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(25)) {
    const description = (await api(operation, request))[member] as unknown as Described
    if (!['IN_PROGRESS', 'CREATING'].includes(description[status]!)) return description
    if (Date.now() > end) throw new Error(`it does not end: ${JSON.stringify(description)}`)
  }
}
