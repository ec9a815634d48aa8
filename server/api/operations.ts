/** All operations of the `DynamoDB_20120810` target. */
import { CreateTable } from './CreateTable.ts'
import { DeleteTable } from './DeleteTable.ts'
import { DescribeContinuousBackups } from './DescribeContinuousBackups.ts'
import { DescribeEndpoints } from './DescribeEndpoints.ts'
import { DescribeLimits } from './DescribeLimits.ts'
import { DescribeTable } from './DescribeTable.ts'
import { DescribeTimeToLive } from './DescribeTimeToLive.ts'
import { ListTables } from './ListTables.ts'
import { ListTagsOfResource } from './ListTagsOfResource.ts'
import type { Operation } from './operation.ts'
import { TagResource } from './TagResource.ts'
import { UntagResource } from './UntagResource.ts'
import { UpdateTable } from './UpdateTable.ts'
import { UpdateTimeToLive } from './UpdateTimeToLive.ts'

export const operations: Operation[] = []
