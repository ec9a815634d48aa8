import { operation } from './operation.ts'
import { structure } from './shape/shape.ts'
import { ACCOUNT_MAXIMUM, TABLE_MAXIMUM } from './table/limits.ts'

export const describeLimits = operation({
  name: 'DescribeLimits',
  input: structure({}),
  handle() {
    return {
      AccountMaxReadCapacityUnits: ACCOUNT_MAXIMUM,
      AccountMaxWriteCapacityUnits: ACCOUNT_MAXIMUM,
      TableMaxReadCapacityUnits: TABLE_MAXIMUM,
      TableMaxWriteCapacityUnits: TABLE_MAXIMUM,
    }
  },
})
