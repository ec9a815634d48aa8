import { operation } from './operation.ts'
import { structure } from './shape/shape.ts'

const CACHE_MINUTES = 24 * 60

export const describeEndpoints = operation({
  name: 'DescribeEndpoints',
  input: structure({}),
  handle(_input, { region }) {
    return { Endpoints: [{ Address: `dynamodb.${region}.amazonaws.com`, CachePeriodInMinutes: CACHE_MINUTES }] }
  },
})
