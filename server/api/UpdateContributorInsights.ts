/** UpdateContributorInsights: begins or ends the counting of keys, of a table or one of its global indexes. */
import type { ContributorInsights, TableRecord } from '../model/table.ts'
import { changeInsights, checkEnableable, insightsSubject } from './insights/insights.ts'
import { operation } from './operation.ts'
import { indexName, MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { enumeration, required, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'

/** Answers with the state on the way to the one asked for, which is reached at once. */
export const updateContributorInsights = operation({
  name: 'UpdateContributorInsights',
  input: structure({
    TableName: required(tableName, MISSING_TABLE_NAME),
    IndexName: indexName,
    ContributorInsightsAction: required(enumeration(['ENABLE', 'DISABLE'])),
    ContributorInsightsMode: enumeration(['ACCESSED_AND_THROTTLED_KEYS', 'THROTTLED_KEYS']),
  }),
  async handle({ TableName, IndexName, ContributorInsightsAction: action, ContributorInsightsMode: mode }, call) {
    const { name } = findForControl(call, TableName)
    let before: ContributorInsights | undefined
    let after: ContributorInsights | undefined
    await call.cluster.tables.change(name, (current, now) => {
      const subject = insightsSubject(current, IndexName)
      if (action === 'ENABLE') checkEnableable(current, subject)
      before = subject.contributorInsights
      after = changeInsights(before, action, mode, now)
      return after === before ? current : withInsights(current, IndexName, after)
    })
    const done = action === 'ENABLE' ? 'ENABLED' : 'DISABLED'
    const underWay = action === 'ENABLE' ? 'ENABLING' : 'DISABLING'
    return {
      TableName: name,
      IndexName,
      ContributorInsightsStatus: after === before ? done : underWay,
      ContributorInsightsMode: after?.mode,
    }
  },
})

function withInsights(
  table: TableRecord,
  indexName: string | undefined,
  contributorInsights: ContributorInsights | undefined,
): TableRecord {
  if (indexName === undefined) return { ...table, contributorInsights }
  const globalIndexes = table.globalIndexes.map(index =>
    index.name === indexName ? { ...index, contributorInsights } : index,
  )
  return { ...table, globalIndexes }
}
