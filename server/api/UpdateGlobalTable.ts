/** UpdateGlobalTable: nothing can be added to global tables of the first version, and there are none to remove from. */
import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { list, required, structure } from './shape/shape.ts'
import { globalTableName, globalTableNotFound, regionName, versionNotSupported } from './table/globaltable.ts'

const replicaUpdates = list(
  structure(
    {
      Create: structure({ RegionName: required(regionName) }, { name: 'CreateReplicaAction' }),
      Delete: structure({ RegionName: required(regionName) }, { name: 'DeleteReplicaAction' }),
    },
    { name: 'ReplicaUpdate' },
  ),
)

export const updateGlobalTable = operation({
  name: 'UpdateGlobalTable',
  input: structure({ GlobalTableName: required(globalTableName), ReplicaUpdates: required(replicaUpdates) }),
  handle({ GlobalTableName, ReplicaUpdates }) {
    if (ReplicaUpdates.length === 0) throw validation('One or more parameter values were invalid')
    if (ReplicaUpdates.some(update => update.Create)) throw versionNotSupported()
    throw globalTableNotFound(GlobalTableName)
  },
})
