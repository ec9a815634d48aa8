/** DescribeContributorInsights: whether keys are counted; `GET /contributor-insights` shows which they are. */
import { insightsSubject, ruleNames } from './insights/insights.ts'
import { operation } from './operation.ts'
import { indexName, MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'
import { SECOND } from './table/limits.ts'

export const describeContributorInsights = operation({
  name: 'DescribeContributorInsights',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME), IndexName: indexName }),
  handle({ TableName, IndexName }, call) {
    const table = findForControl(call, TableName)
    const subject = insightsSubject(table, IndexName)
    const insights = subject.contributorInsights
    return {
      TableName: table.name,
      IndexName,
      ContributorInsightsRuleList: ruleNames(table, subject),
      ContributorInsightsStatus: insights?.enabled ? 'ENABLED' : 'DISABLED',
      LastUpdateDateTime: insights && insights.changedAt / SECOND,
      ContributorInsightsMode: insights?.mode,
    }
  },
})
