/** ListGlobalTables: there are none. */
import { operation } from './operation.ts'
import { integer, structure } from './shape/shape.ts'
import { globalTableName, regionName } from './table/globaltable.ts'

export const listGlobalTables = operation({
  name: 'ListGlobalTables',
  input: structure({
    ExclusiveStartGlobalTableName: globalTableName,
    Limit: integer({ min: 1 }),
    RegionName: regionName,
  }),
  handle() {
    return { GlobalTables: [] }
  },
})
