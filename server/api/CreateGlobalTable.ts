/** CreateGlobalTable: of a version of global tables that DynamoDB makes no more, and refuses. */
import { operation } from './operation.ts'
import { list, required, structure } from './shape/shape.ts'
import { globalTableName, regionName, versionNotSupported } from './table/globaltable.ts'

export const createGlobalTable = operation({
  name: 'CreateGlobalTable',
  input: structure({
    GlobalTableName: required(globalTableName),
    ReplicationGroup: required(list(structure({ RegionName: regionName }, { name: 'Replica' }))),
  }),
  handle() {
    throw versionNotSupported()
  },
})
