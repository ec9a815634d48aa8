/** `GET /contributor-insights?table=T&index=I`: the figures that AWS shows in CloudWatch. */
import type { Contributor, Insights, InsightsWindow } from '../../cluster/insights.ts'
import { watchedIndex, watchedTable } from '../../cluster/watched.ts'
import { operation } from '../operation.ts'
import { indexName, tableName } from '../shape/common.ts'
import { required, structure } from '../shape/shape.ts'
import { findForControl } from '../table/find.ts'
import { insightsSubject } from './insights.ts'

/** A table or index where insights are not enabled has no windows. */
export function contributorInsightsReport(insights: Insights) {
  return operation({
    name: 'ContributorInsights',
    input: structure({ table: required(tableName), index: indexName }),
    handle({ table: given, index }, call) {
      const table = findForControl(call, given)
      const subject = insightsSubject(table, index)
      const watched = subject === table ? watchedTable(table) : watchedIndex(table, subject.id)
      return {
        TableName: table.name,
        IndexName: index,
        ContributorInsightsStatus: watched ? 'ENABLED' : 'DISABLED',
        ContributorInsightsMode: watched?.insights.mode,
        Windows: watched ? insights.windows(watched).map(describeWindow) : [],
      }
    },
  })
}

function describeWindow(window: InsightsWindow): object {
  return {
    From: new Date(window.from).toISOString(),
    To: new Date(window.to).toISOString(),
    MostAccessedPartitionKeys: window.accessedPartitions.map(contributor => describe(contributor, UNITS)),
    MostAccessedItems: window.accessedItems.map(contributor => describe(contributor, UNITS)),
    MostThrottledPartitionKeys: window.throttledPartitions.map(contributor => describe(contributor, THROTTLES)),
    MostThrottledItems: window.throttledItems.map(contributor => describe(contributor, THROTTLES)),
  }
}

/** AWS's names for what is summed up: read units and three times the write units; throttled requests. */
const UNITS = 'ConsumedThroughputUnits'
const THROTTLES = 'ThrottleCount'

function describe({ keys, value, excess }: Contributor, measure: string): object {
  return { Keys: keys, [measure]: value, AtMostTooHighBy: excess === 0 ? undefined : excess }
}
