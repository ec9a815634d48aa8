/** Contributor insights: their states and the names of their rules, for a table or one of its global indexes. */
import { resourceNotFound, validation } from '../../model/errors.ts'
import type { ContributorInsights, GlobalIndexRecord, TableRecord } from '../../model/table.ts'

export type InsightsMode = ContributorInsights['mode']

/** What insights are of: a global index, or the table itself. */
export type InsightsSubject = TableRecord | GlobalIndexRecord

const DEFAULT_MODE: InsightsMode = 'ACCESSED_AND_THROTTLED_KEYS'

/** The table, or its index of that name. Errors: ResourceNotFoundException. */
export function insightsSubject(table: TableRecord, indexName: string | undefined): InsightsSubject {
  if (indexName === undefined) return table
  const index = table.globalIndexes.find(({ name }) => name === indexName)
  if (index) return index
  throw resourceNotFound(`Requested resource not found: Index: ${indexName} not found for table: ${table.name}`)
}

/**
 * The insights after ENABLE or DISABLE; undefined if there never were any. Without a mode it is the default one, whatever
 * it was before.
 */
export function changeInsights(
  present: ContributorInsights | undefined,
  action: 'ENABLE' | 'DISABLE',
  mode: InsightsMode = DEFAULT_MODE,
  now: number,
): ContributorInsights | undefined {
  if (action === 'DISABLE') return present?.enabled ? { ...present, enabled: false, changedAt: now } : present
  if (present?.enabled && present.mode === mode) return present
  return { enabled: true, mode, since: present?.enabled ? present.since : now, changedAt: now }
}

/** Errors: ValidationException while the table or the index is being made or removed. */
export function checkEnableable(table: TableRecord, subject: InsightsSubject): void {
  for (const [what, { status }] of [['TableStatus', table] as const, ['IndexStatus', subject] as const]) {
    if (status !== 'CREATING' && status !== 'DELETING') continue
    throw validation(
      `Table or Index is not in a valid state to update Key Access Insights: ${what} must be ACTIVE to enable ContributorInsights.`,
    )
  }
}

/** C: accessed, T: throttled; P: by partition key, S: by partition and sort key. */
export function ruleNames(table: TableRecord, subject: InsightsSubject): string[] | undefined {
  const { contributorInsights: insights } = subject
  if (!insights?.enabled) return undefined
  const name = subject === table ? table.name : `${table.name}-${subject.name}`
  const hasSortKey = subject.keySchema.some(element => element.KeyType === 'RANGE')
  const kinds = insights.mode === 'THROTTLED_KEYS' ? ['T'] : ['C', 'T']
  const layouts = hasSortKey ? ['PK', 'SK'] : ['PK']
  return kinds.flatMap(kind =>
    layouts.map(layout => `DynamoDBContributorInsights-${layout}${kind}-${name}-${insights.since}`),
  )
}
