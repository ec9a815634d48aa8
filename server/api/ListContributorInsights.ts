/** ListContributorInsights: where keys are counted, of one table or of all. */
import { validation } from '../model/errors.ts'
import type { TableRecord } from '../model/table.ts'
import { type Call, operation } from './operation.ts'
import { tableName } from './shape/common.ts'
import { integer, string, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'

const PAGE = 100

type Summary = {
  TableName: string
  IndexName?: string
  ContributorInsightsStatus: 'ENABLED'
  ContributorInsightsMode: string
}

/** Tables by name, and each before its indexes. A page token is the last entry of its page. */
export const listContributorInsights = operation({
  name: 'ListContributorInsights',
  input: structure({ TableName: tableName, NextToken: string(), MaxResults: integer({ min: 1, max: PAGE }) }),
  handle({ TableName, NextToken, MaxResults = PAGE }, call) {
    const after = NextToken === undefined ? '' : placeOf(NextToken)
    const rest = tables(call, TableName)
      .flatMap(summaries)
      .filter(summary => place(summary) > after)
    const page = rest.slice(0, MaxResults)
    return {
      ContributorInsightsSummaries: page,
      NextToken: rest.length > page.length ? tokenOf(place(page.at(-1)!)) : undefined,
    }
  },
})

function tables(call: Call, given: string | undefined): TableRecord[] {
  if (given !== undefined) return [findForControl(call, given)]
  return call.cluster.tables.list().flatMap(name => call.cluster.tables.find(name) ?? [])
}

function summaries(table: TableRecord): Summary[] {
  const indexes = [...table.globalIndexes].sort((a, b) => (a.name < b.name ? -1 : 1))
  return [table, ...indexes].flatMap(subject => {
    const { contributorInsights: insights } = subject
    if (!insights?.enabled) return []
    return {
      TableName: table.name,
      IndexName: subject === table ? undefined : subject.name,
      ContributorInsightsStatus: 'ENABLED',
      ContributorInsightsMode: insights.mode,
    }
  })
}

/** Sorts as the entries do. */
function place({ TableName, IndexName = '' }: Summary): string {
  return `${TableName}\0${IndexName}`
}

function tokenOf(place: string): string {
  return Buffer.from(place).toString('base64')
}

function placeOf(token: string): string {
  const place = Buffer.from(token, 'base64').toString()
  if (tokenOf(place) !== token) throw validation('Invalid NextToken provided')
  return place
}
