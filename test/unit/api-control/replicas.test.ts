import test from 'ava'
import { createTable } from '../../../server/api/CreateTable.ts'
import { describeTable } from '../../../server/api/DescribeTable.ts'
import { updateTable } from '../../../server/api/UpdateTable.ts'
import { INVALID, refused, simple, world } from './world.ts'

const add = (RegionName: string) => ({ Create: { RegionName } })
const remove = (RegionName: string) => ({ Delete: { RegionName } })
const CHOICES =
  'ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput'

const refusals: [what: string, request: object, message: string][] = [
  [
    'a replica elsewhere',
    { ReplicaUpdates: [add('us-east-1')] },
    'Region us-east-1 is not supported. The latest version of global tables are only supported in the following regions: [eu-west-1]',
  ],
  [
    'a strongly consistent replica elsewhere',
    { ReplicaUpdates: [add('us-east-1'), add('us-east-2')], MultiRegionConsistency: 'STRONG' },
    'Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [us-east-1].',
  ],
  [
    'a replica here',
    { ReplicaUpdates: [add('eu-west-1')] },
    'Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.',
  ],
  [
    'the end of a replica that is not there',
    { ReplicaUpdates: [remove('us-east-1')] },
    'Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [us-east-1].',
  ],
  [
    'a change of a replica that is not there',
    { ReplicaUpdates: [{ Update: { RegionName: 'us-east-1', TableClassOverride: 'STANDARD' } }] },
    'Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [us-east-1].',
  ],
  [
    'no action',
    { ReplicaUpdates: [{}] },
    'There are no actions specified in the Replica Update Action of the request.',
  ],
  [
    'two kinds of actions',
    { ReplicaUpdates: [{ ...add('us-east-1'), ...remove('us-east-2') }] },
    'Update table operation with more than one type of replica actions not allowed.',
  ],
  [
    'two replicas',
    { ReplicaUpdates: [add('us-east-1'), add('us-east-2')] },
    'Update table operation with more than one create or delete replica actions not allowed',
  ],
  [
    'a consistency for what is removed',
    { ReplicaUpdates: [remove('us-east-1')], MultiRegionConsistency: 'EVENTUAL' },
    'Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.',
  ],
  [
    'a witness of eventual consistency',
    { ReplicaUpdates: [add('us-east-1')], GlobalTableWitnessUpdates: [add('us-east-2')] },
    'MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.',
  ],
  [
    'replicas and more',
    { ReplicaUpdates: [add('us-east-1')], DeletionProtectionEnabled: true },
    `${INVALID}Replica modification must be the only operation in the request`,
  ],
  [
    'strong replicas and more',
    { ReplicaUpdates: [add('us-east-1')], MultiRegionConsistency: 'STRONG', DeletionProtectionEnabled: true },
    `${INVALID}Requests that modify replicas or witnesses must not also modify other fields`,
  ],
  ['a consistency alone', { MultiRegionConsistency: 'STRONG' }, `At least one of ${CHOICES} or TableClass is required`],
  [
    'settings with overrides',
    { GlobalTableSettingsReplicationMode: 'ENABLED_WITH_OVERRIDES' },
    "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only ENABLED and DISABLED settings replication are supported for a Regional Table.",
  ],
]

for (const [what, request, message] of refusals) {
  test(`UpdateTable refuses: ${what}`, async t => {
    const w = world()
    await w.run(createTable, simple())
    w.settle()
    const before = w.record('Tab')
    await refused(t, w.run(updateTable, { TableName: 'Tab', ...request }), 'ValidationException', message)
    t.is(w.record('Tab'), before)
  })
}

test('the replication of settings is kept and shown', async t => {
  const w = world()
  await w.run(createTable, simple())
  w.settle()
  for (const mode of ['ENABLED', 'ENABLED', 'DISABLED']) {
    const request = { TableName: 'Tab', GlobalTableSettingsReplicationMode: mode }
    const { TableDescription } = await w.run(updateTable, request)
    t.is(TableDescription.TableStatus, 'ACTIVE')
    t.is((await w.run(describeTable, { TableName: 'Tab' })).Table.GlobalTableSettingsReplicationMode, mode)
  }
})
