/** DescribeGlobalTable: there is none. */
import { operation } from './operation.ts'
import { required, structure } from './shape/shape.ts'
import { globalTableName, globalTableNotFound } from './table/globaltable.ts'

export const describeGlobalTable = operation({
  name: 'DescribeGlobalTable',
  input: structure({ GlobalTableName: required(globalTableName) }),
  handle({ GlobalTableName }) {
    throw globalTableNotFound(GlobalTableName)
  },
})
