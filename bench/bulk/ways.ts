/** The ways to get a whole table in and out, each from beginning to end. Errors: the server refuses, or does not get done. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../client.ts'
import type { Running } from '../contestants.ts'
import { load } from '../process.ts'
import { type BenchTable, createTable } from '../workload.ts'

/** Called now and then with the items done so far. */
export type Progress = (items: number) => void

export type Way = 'BatchWriteItem' | 'Scan' | 'export' | 'import'

type Json = { [member: string]: never }

const BUCKET = 'bench'
const POLL_MS = 100

export const WAYS: { [W in Way]: (server: Running, table: BenchTable, progress: Progress) => Promise<void> } = {
  /** Eight connections, 25 items each. Makes the table that the others take. */
  async BatchWriteItem({ port }, table) {
    await load({ kind: 'fill', port, table })
  },
  async Scan({ port }, { name, items }, progress) {
    let count = 0
    let ExclusiveStartKey: unknown
    do {
      const page = await json(port, 'Scan', { TableName: name, ExclusiveStartKey })
      count += page.Count!
      progress(count)
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
    if (count !== items) throw new Error(`${count} items instead of ${items}`)
  },
  async export(server, table, progress) {
    const { port } = server
    const TableArn = await arnOf(port, table)
    const begun = await json(port, 'ExportTableToPointInTime', { TableArn, S3Bucket: BUCKET, S3Prefix: 'all' })
    const { ExportArn } = begun.ExportDescription as unknown as { ExportArn: string }
    const done = await ended(server, 'DescribeExport', { ExportArn }, 'Export', progress)
    if ((done.ItemCount as number) !== table.items) throw new Error(`${done.ItemCount} items were exported`)
  },
  /** Of the first export. */
  async import(server, table, progress) {
    const { port } = server
    const { TableName, ...definition } = createTable({ ...table, name: `${table.name}.imported` }) as Json
    const begun = await json(port, 'ImportTable', {
      S3BucketSource: { S3Bucket: BUCKET, S3KeyPrefix: await dataOf(server, table) },
      InputFormat: 'DYNAMODB_JSON',
      InputCompressionType: 'GZIP',
      TableCreationParameters: { TableName, ...definition },
    })
    const { ImportArn } = begun.ImportTableDescription as unknown as { ImportArn: string }
    const done = await ended(server, 'DescribeImport', { ImportArn }, 'ImportTable', progress)
    if ((done.ImportedItemCount as number) !== table.items) throw new Error(`${done.ImportedItemCount} items came in`)
    await remove(port, TableName!)
  },
}

/** Has the table's history kept, from which exports are made. Errors: the server knows no such thing. */
export async function prepareExports({ port, folder }: Running, { name }: BenchTable): Promise<void> {
  await mkdir(join(folder, 'buckets', BUCKET), { recursive: true })
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
  await ask(port, 'UpdateContinuousBackups', { TableName: name, PointInTimeRecoverySpecification })
}

/** Deletes the table, and waits until it is gone. */
export async function remove(port: number, TableName: string): Promise<void> {
  await ask(port, 'DeleteTable', { TableName })
  const isThere = () =>
    ask(port, 'DescribeTable', { TableName }).then(
      () => true,
      () => false,
    )
  while (await isThere()) await sleep(POLL_MS)
}

async function json(port: number, operation: string, body: object): Promise<Json> {
  return JSON.parse((await ask(port, operation, body)).toString()) as Json
}

async function arnOf(port: number, { name }: BenchTable): Promise<string> {
  const { Table } = await json(port, 'DescribeTable', { TableName: name })
  return (Table as unknown as { TableArn: string }).TableArn
}

/** The key prefix of the files of the table's oldest export. */
async function dataOf({ port }: Running, table: BenchTable): Promise<string> {
  const { ExportSummaries } = await json(port, 'ListExports', { TableArn: await arnOf(port, table) })
  const { ExportArn } = (ExportSummaries as unknown as { ExportArn: string }[]).at(-1)!
  return `all/AWSDynamoDB/${ExportArn.slice(ExportArn.lastIndexOf('/') + 1)}/data/`
}

async function ended(
  { port }: Running,
  operation: string,
  request: object,
  job: string,
  progress: Progress,
): Promise<{ [member: string]: unknown }> {
  for (;;) {
    const description = (await json(port, operation, request))[`${job}Description`] as unknown as Json
    const status = description[`${job.replace('Table', '')}Status`] as unknown as string
    if (status === 'COMPLETED') return description
    if (status !== 'IN_PROGRESS') throw new Error(`${status}: ${description.FailureMessage}`)
    progress(await itemsDone(port, job.replace('Table', '').toLowerCase()))
    await sleep(POLL_MS)
  }
}

/** As the metrics say. */
async function itemsDone(port: number, job: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(new RegExp(`^tavola_job_items\\{job="${job}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}
