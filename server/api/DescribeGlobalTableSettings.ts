/** DescribeGlobalTableSettings: there is no global table. */
import { operation } from './operation.ts'
import { required, structure } from './shape/shape.ts'
import { globalSettingsNotFound, globalTableName } from './table/globaltable.ts'

export const describeGlobalTableSettings = operation({
  name: 'DescribeGlobalTableSettings',
  input: structure({ GlobalTableName: required(globalTableName) }),
  handle({ GlobalTableName }) {
    throw globalSettingsNotFound(GlobalTableName)
  },
})
