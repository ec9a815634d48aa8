import { operation } from './operation.ts'
import { newTableName } from './shape/common.ts'
import { integer, structure } from './shape/shape.ts'

const MAX_PAGE = 100

export const listTables = operation({
  name: 'ListTables',
  input: structure({
    ExclusiveStartTableName: newTableName,
    Limit: integer({ min: 1, max: MAX_PAGE }),
  }),
  handle({ ExclusiveStartTableName: start, Limit = MAX_PAGE }, { cluster }) {
    const names = cluster.tables.list()
    // Names are ASCII: text order is byte order. The start need not exist.
    const first = start === undefined ? 0 : names.findIndex(name => name > start)
    const rest = first === -1 ? [] : names.slice(first)
    const page = rest.slice(0, Limit)
    return { TableNames: page, LastEvaluatedTableName: rest.length > Limit ? page.at(-1) : undefined }
  },
})
