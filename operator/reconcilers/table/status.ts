/** What a Table's status says. */
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../../server/base/logger.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { type Answer, isMissing } from '../../dataplane/api.ts'
import { type ClusterState, liveNodes } from '../../dataplane/state.ts'
import type { Condition } from '../../kube/objects.ts'
import { API_VERSION, TABLES, type TableStatus } from '../../resources/table.ts'
import { delayOf, type Finding, timeOf, withFindings } from '../../specs/conditions.ts'
import { poolKey } from '../../specs/pool.ts'
import { selectorOf } from '../../specs/storage.ts'
import type { Context, Pause } from '../context.ts'
import type { TableWork } from './work.ts'

const DELAYED = 'ChangesDelayed'

/** Writes it if it says anything new. */
export async function report(work: TableWork, context: Context, pause: Pause | undefined): Promise<void> {
  const { table } = work
  const { client, caches, clock, logger } = context
  const state = await quietly(context.state(), logger)
  const described = work.record ? await describe(work, context) : undefined
  const status = statusOf(work, context, { pause, state, described, now: clock.now() })
  if (isDeepStrictEqual(status, table.status)) return
  const { namespace, name, uid } = table.metadata
  const metadata = { namespace, name, uid }
  const written = await client.applyStatus(TABLES, {
    apiVersion: API_VERSION,
    kind: 'Table',
    metadata,
    status,
  } as never)
  caches.tables.put(written)
}

type Seen = { pause: Pause | undefined; state: ClusterState | undefined; described: Answer; now: number }

function statusOf(work: TableWork, context: Context, seen: Seen): TableStatus {
  const { table, name, record, pool } = work
  const { state, described, pause } = seen
  const before = table.status ?? {}
  const shown = state?.tables.find(table => table.name === name)
  const nodes = state ? liveNodes(state, pool.id) : []
  const zones = [...new Set(nodes.flatMap(({ zone }) => zone ?? []))].sort()
  const pods = context.caches.statefulSets.get(`${pool.namespace}/${pool.workload}`)
  const generation = table.metadata.generation ?? 0
  const status: TableStatus = {
    ...kept(before),
    ...(record && recordStatus(record, described, context)),
    observedGeneration: generation,
    tableName: name,
    synced: work.synced,
    ...(shown && { replicas: { ...shown.replicas, summary: `${shown.replicas.healthy}/${shown.replicas.wanted}` } }),
    ...(zones.length > 0 && { zones, zoneSummary: zones.join(',') }),
    storage: {
      pool: pool.id,
      statefulSet: pool.workload,
      nodes: pods?.spec.replicas ?? 0,
      readyNodes: pods?.status?.readyReplicas ?? 0,
      selector: Object.entries(selectorOf(pool))
        .map(pair => pair.join('='))
        .join(),
    },
    conditions: withFindings(
      lasting(before.conditions ?? [], state, shown),
      findings(work, seen, shown, context.pauses.get(poolKey(pool))),
      generation,
      seen.now,
    ),
  }
  if (!record) status.tableStatus = pause?.reason === 'DeletedThroughApi' ? 'DELETED' : 'PENDING'
  return JSON.parse(JSON.stringify(status)) as TableStatus
}

/** What is only told when somebody answers. */
function kept(before: TableStatus): TableStatus {
  const { replicas, zones, zoneSummary, itemCount, tableSizeBytes, indexes, tableId } = before
  return { replicas, zones, zoneSummary, itemCount, tableSizeBytes, indexes, tableId }
}

function recordStatus(record: TableRecord, described: Answer, { records }: Context): TableStatus {
  const arn = records.tableArn(record.name)
  const sizes = [...(described?.LocalSecondaryIndexes ?? []), ...(described?.GlobalSecondaryIndexes ?? [])]
  const sizesOf = (name: string) => {
    const own = sizes.find((other: { IndexName: string }) => other.IndexName === name)
    return { itemCount: own?.ItemCount, indexSizeBytes: own?.IndexSizeBytes }
  }
  const local = record.localIndexes.map(({ name }) => ({ name, status: 'ACTIVE', ...sizesOf(name) }))
  const global = record.globalIndexes.map(({ name, status, backfilling }) => {
    return { name, status, backfilling, ...sizesOf(name) }
  })
  return {
    tableStatus: record.status,
    tableArn: arn,
    tableId: record.id,
    billingMode: record.billingMode,
    creationDateTime: timeOf(record.createdAt),
    ...(record.latestStreamLabel && { latestStreamArn: `${arn}/stream/${record.latestStreamLabel}` }),
    ...(described && { itemCount: described.ItemCount, tableSizeBytes: described.TableSizeBytes }),
    indexes: [...local, ...global],
    partitions: record.partitions.length,
  }
}

type Shown = ClusterState['tables'][number] | undefined

/** A table whose changes are published no more has no such condition. */
function lasting(before: Condition[], state: ClusterState | undefined, shown: Shown): Condition[] {
  if (!state || shown?.publishLagMs !== undefined) return before
  return before.filter(({ type }) => type !== DELAYED)
}

/** `pods`: what the table's pool is kept from being as wished by. It matters to nobody who reads and writes. */
function findings(work: TableWork, seen: Seen, shown: Shown, pods: Pause | undefined): { [type: string]: Finding } {
  const { pause } = seen
  const isTrouble = pause?.isTrouble === true
  const available = availability(work, seen)
  const degraded = degradation(pause, shown, pods)
  const progressing = progress(work, pause, pods)
  const lag = shown?.publishLagMs
  const delayed: { [type: string]: Finding } = lag === undefined ? {} : { [DELAYED]: delayOf(lag) }
  const found = { Available: available, Progressing: progressing, Degraded: degraded, ...delayed }
  if (available.status === true && !pause)
    return { Ready: { status: true, reason: 'AsWished', message: 'The table serves, and is as wished.' }, ...found }
  const why = isTrouble || available.status === true ? pause! : available
  return { Ready: { status: false, reason: why.reason, message: why.message }, ...found }
}

function availability({ record }: TableWork, { pause, state }: Seen): Finding {
  const serves = record !== undefined && (record.status === 'ACTIVE' || record.status === 'UPDATING')
  if (!serves)
    return {
      status: false,
      reason: pause?.reason ?? 'Pending',
      message: pause?.message ?? 'The table is not there yet.',
    }
  const unled = state?.partitions.filter(({ table, leader }) => table === record.name && leader === null).length ?? 0
  if (unled > 0) return { status: false, reason: 'NoLeader', message: `${unled} partitions have no leader.` }
  return { status: true, reason: 'Serving', message: 'All partitions have a leader.' }
}

function degradation(pause: Pause | undefined, shown: Shown, pods: Pause | undefined): Finding {
  const trouble = [pause, pods].find(pause => pause?.isTrouble)
  if (trouble) return { status: true, reason: trouble.reason, message: trouble.message }
  const { healthy, wanted } = shown?.replicas ?? { healthy: 0, wanted: 0 }
  if (healthy >= wanted) return { status: false, reason: 'AsWished', message: 'Nothing is wrong.' }
  const message = `Of some partition ${healthy} of ${wanted} replicas are healthy.`
  return { status: true, reason: 'FewReplicas', message }
}

function progress({ table }: TableWork, pause: Pause | undefined, pods: Pause | undefined): Finding {
  if (table.spec.paused) return { status: false, reason: 'Paused', message: 'spec.paused is true: nothing is changed.' }
  const step = pause ?? pods
  if (!step) return { status: false, reason: 'AsWished', message: 'All is as wished.' }
  return { status: !step.isTrouble, reason: step.isTrouble ? 'Stuck' : step.reason, message: step.message }
}

async function describe({ name }: TableWork, { api, logger }: Context): Promise<Answer> {
  const answer = await quietly(api.call('DescribeTable', { TableName: name }), logger)
  return answer?.Table
}

/** Undefined if nobody answers: what is known without is said nevertheless. */
async function quietly<T>(asked: Promise<T>, logger: Logger): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (!isMissing(error)) logger.debug({ err: error }, 'a status is written without what a server would have told')
    return undefined
  }
}
