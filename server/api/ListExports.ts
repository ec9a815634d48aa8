import { validation } from '../model/errors.ts'
import { pageAfter } from './backup/page.ts'
import { nameOfArn } from './backup/tablearn.ts'
import { operation } from './operation.ts'
import { integer, string, structure } from './shape/shape.ts'

const MAX_PAGE = 25
const PAGE = 10

export const listExports = operation({
  name: 'ListExports',
  input: structure({
    TableArn: string({ min: 1, max: 1024 }),
    MaxResults: integer({ min: 1, max: MAX_PAGE }),
    NextToken: string(),
  }),
  async handle({ TableArn, MaxResults = PAGE, NextToken }, call) {
    if (NextToken !== undefined && !/^\d{14}-[0-9a-f]{8}$/.test(NextToken)) {
      throw validation(`Invalid Request: Provided nextToken is invalid: ${NextToken}`)
    }
    const name = TableArn === undefined ? undefined : nameOfArn(call, TableArn)
    const { page, next } = pageAfter(await call.backup.exports.list(name), NextToken, MaxResults)
    return {
      ExportSummaries: page.map(({ exportArn, status, request }) => ({
        ExportArn: exportArn,
        ExportStatus: status,
        ExportType: request.type ?? 'FULL_EXPORT',
      })),
      NextToken: next,
    }
  },
})
