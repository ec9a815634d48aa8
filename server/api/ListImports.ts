import { importSummary } from './backup/import.ts'
import { pageAfter } from './backup/page.ts'
import { nameOfArn } from './backup/tablearn.ts'
import { operation } from './operation.ts'
import { integer, string, structure } from './shape/shape.ts'

const MAX_PAGE = 25
const PAGE = 10
/** Tokens are long, and made of sixteenths, by the API's model. */
const TOKEN_LENGTH = 112

export const listImports = operation({
  name: 'ListImports',
  input: structure({
    TableArn: string({ min: 1, max: 1024 }),
    PageSize: integer({ min: 1, max: MAX_PAGE }),
    NextToken: string({ min: TOKEN_LENGTH, max: 1024, pattern: '([0-9a-f]{16})+' }),
  }),
  async handle({ TableArn, PageSize = PAGE, NextToken }, call) {
    const name = TableArn === undefined ? undefined : nameOfArn(call, TableArn)
    const after = NextToken && Buffer.from(NextToken, 'hex').toString('latin1').replace(/\0+$/, '')
    const { page, next } = pageAfter(await call.backup.imports.list(name), after, PageSize)
    return {
      ImportSummaryList: page.map(record => importSummary(record, call)),
      NextToken: next && Buffer.from(next, 'latin1').toString('hex').padEnd(TOKEN_LENGTH, '0'),
    }
  },
})
