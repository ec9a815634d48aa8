/** From a table's record to the TableDescription that the API shows (facts, section 4.7). */
import type { TableStatistics } from '../../cluster/cluster.ts'
import { getOwn } from '../../model/item.ts'
import type {
  GlobalIndexRecord,
  LocalIndexRecord,
  ProvisionedThroughput,
  TableRecord,
  WarmThroughput,
} from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { indexArn, streamArn, tableArn } from './arn.ts'
import { SECOND, since, startOfDay } from './limits.ts'

const EMPTY: TableStatistics['table'] = { items: 0, bytes: 0 }
const NOTHING_YET: TableStatistics = { table: EMPTY, indexes: {} }

/** A table, and what of it is shown as being worked on while the table is ACTIVE. */
export type ShownTable = TableRecord & { underWay?: 'ENCRYPTION' | 'WARMTH' }

/** TableDescription with the table's sizes as they are now. */
export async function describeLive(table: ShownTable, call: Call): Promise<object> {
  const hasRows = table.status === 'ACTIVE' || table.status === 'UPDATING'
  return describe(table, call, hasRows ? await call.cluster.tables.statistics(table) : NOTHING_YET)
}

/** TableDescription. Without `statistics`: of an empty table. */
export function describe(table: ShownTable, call: Call, statistics: TableStatistics = NOTHING_YET): object {
  const now = call.cluster.now()
  return {
    TableName: table.name,
    TableArn: tableArn(call, table.name),
    TableId: table.id,
    TableStatus: table.status,
    CreationDateTime: seconds(table.createdAt),
    AttributeDefinitions: table.attributeDefinitions,
    KeySchema: table.keySchema,
    TableSizeBytes: statistics.table.bytes,
    ItemCount: statistics.table.items,
    LocalSecondaryIndexes: some(table.localIndexes, index => describeIndex(index, table, call, statistics)),
    GlobalSecondaryIndexes: some(table.globalIndexes, index => describeGlobal(index, table, call, statistics, now)),
    BillingModeSummary: billingModeSummary(table),
    ProvisionedThroughput: describeThroughput(table.throughput, now),
    OnDemandThroughput: table.onDemandThroughput,
    WarmThroughput: describeWarmth(table.warmThroughput, table.status, table.underWay === 'WARMTH'),
    ...describeStream(table, call),
    SSEDescription: describeEncryption(table),
    TableClassSummary: table.tableClass && {
      TableClass: table.tableClass.class,
      LastUpdateDateTime: seconds(table.tableClass.lastUpdate),
    },
    DeletionProtectionEnabled: table.deletionProtection,
    RestoreSummary: describeRestore(table),
    GlobalTableSettingsReplicationMode: table.replicationMode,
  }
}

function describeIndex(index: LocalIndexRecord, table: TableRecord, call: Call, { indexes }: TableStatistics) {
  const { items, bytes } = getOwn(indexes, index.name) ?? EMPTY
  return {
    IndexName: index.name,
    IndexArn: indexArn(call, table.name, index.name),
    KeySchema: index.keySchema,
    Projection: index.projection,
    IndexSizeBytes: bytes,
    ItemCount: items,
  }
}

function describeGlobal(
  index: GlobalIndexRecord,
  table: TableRecord,
  call: Call,
  statistics: TableStatistics,
  now: number,
) {
  return {
    ...describeIndex(index, table, call, statistics),
    IndexStatus: index.status,
    Backfilling: index.status === 'CREATING' ? index.backfilling : undefined,
    ProvisionedThroughput: describeThroughput(index.throughput, now),
    OnDemandThroughput: index.onDemandThroughput,
    WarmThroughput: describeWarmth(index.warmThroughput, index.status),
  }
}

function describeThroughput(throughput: ProvisionedThroughput, now: number) {
  return {
    LastIncreaseDateTime: seconds(throughput.lastIncrease),
    LastDecreaseDateTime: seconds(throughput.lastDecrease),
    NumberOfDecreasesToday: since(throughput.decreases, startOfDay(now)).length,
    ReadCapacityUnits: throughput.read,
    WriteCapacityUnits: throughput.write,
  }
}

function describeEncryption({ sse, underWay }: ShownTable) {
  if (sse === undefined) return undefined
  const status = underWay === 'ENCRYPTION' ? 'UPDATING' : 'ENABLED'
  return { Status: status, SSEType: sse.type, KMSMasterKeyArn: sse.keyArn }
}

/** `status`: of the table or index. */
function describeWarmth({ read, write }: WarmThroughput, status: string, isRising = false) {
  const settled = status === 'CREATING' || status === 'DELETING' ? status : 'ACTIVE'
  return {
    ReadUnitsPerSecond: read,
    WriteUnitsPerSecond: write,
    Status: isRising ? 'UPDATING' : settled,
  }
}

function billingModeSummary({ billingMode, lastUpdateToPayPerRequest }: TableRecord) {
  if (lastUpdateToPayPerRequest === undefined) return undefined
  return { BillingMode: billingMode, LastUpdateToPayPerRequestDateTime: seconds(lastUpdateToPayPerRequest) }
}

/** Only while it is under way. */
function describeRestore({ filling }: TableRecord) {
  if (!filling || filling.kind === 'import') return undefined
  return {
    SourceBackupArn: filling.kind === 'backup' ? filling.backupArn : undefined,
    SourceTableArn: filling.tableArn,
    RestoreDateTime: seconds(filling.time),
    RestoreInProgress: true,
  }
}

function describeStream({ name, stream, latestStreamLabel }: TableRecord, call: Call) {
  return {
    StreamSpecification: stream && { StreamEnabled: true, StreamViewType: stream.viewType },
    LatestStreamLabel: latestStreamLabel,
    LatestStreamArn: latestStreamLabel && streamArn(call, name, latestStreamLabel),
  }
}

function seconds(time: number | undefined): number | undefined {
  return time === undefined ? undefined : time / SECOND
}

/** Undefined for none: empty lists are left out of descriptions. */
function some<T, R>(list: T[], describeOne: (element: T) => R): R[] | undefined {
  return list.length === 0 ? undefined : list.map(describeOne)
}
