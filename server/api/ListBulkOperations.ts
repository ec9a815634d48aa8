/** ListBulkOperations: none was ever started. */
import { operation } from './operation.ts'
import { integer, string, structure } from './shape/shape.ts'

export const listBulkOperations = operation({
  name: 'ListBulkOperations',
  input: structure({ MaxResults: integer({ min: 1, max: 25 }), NextToken: string() }),
  handle() {
    return { BulkOperationsSummaryList: [] }
  },
})
