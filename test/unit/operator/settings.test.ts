/** Two doors, one table: what the resource says and what the API did, brought together. */
import test from 'ava'
import fc from 'fast-check'
import type { TableSpec } from '../../../operator/resources/table.ts'
import { mergeSettings } from '../../../operator/specs/merge.ts'
import { mirrorPatch, specOfRecord } from '../../../operator/specs/mirror.ts'
import { changeCalls, createCall, restoreCall } from '../../../operator/specs/requests.ts'
import { actualSettings, type Normal, type Setting, wishedSettings } from '../../../operator/specs/settings.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { recordOf, tableOf } from './tables.ts'

const wishes = (spec: Partial<TableSpec>) => wishedSettings(tableOf('a', spec).spec)

test('settings of any table, written to a resource, are the settings of that resource', t => {
  const record = fc.record({
    billingMode: fc.constantFrom('PROVISIONED', 'PAY_PER_REQUEST'),
    throughput: fc.record({ read: fc.integer({ min: 1, max: 9 }), write: fc.integer({ min: 1, max: 9 }) }),
    deletionProtection: fc.boolean(),
    tableClass: fc.option(fc.constant({ class: 'STANDARD_INFREQUENT_ACCESS', updates: [] }), { nil: undefined }),
    stream: fc.option(fc.constant({ viewType: 'NEW_IMAGE' }), { nil: undefined }),
    sse: fc.option(fc.constant({ type: 'KMS', keyArn: 'arn:aws:kms:us-east-1:1:key/k' }), { nil: undefined }),
    timeToLive: fc.option(fc.record({ attribute: fc.string(), enabled: fc.boolean(), changedAt: fc.constant(0) }), {
      nil: undefined,
    }),
    tags: fc.uniqueArray(fc.record({ Key: fc.string({ minLength: 1 }), Value: fc.string() }), {
      selector: tag => tag.Key,
    }),
    pointInTimeRecovery: fc.option(
      fc.record({ id: fc.constant('i'), since: fc.constant(0), days: fc.integer({ min: 1, max: 35 }) }),
      { nil: undefined },
    ),
    globalIndexes: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('one', 'two', '__proto__x', 'constructor'),
        status: fc.constantFrom('ACTIVE', 'CREATING', 'DELETING'),
        keySchema: fc.constant([{ AttributeName: 'id', KeyType: 'HASH' }]),
        projection: fc.constantFrom(
          { ProjectionType: 'ALL' },
          { ProjectionType: 'INCLUDE', NonKeyAttributes: ['b', 'a'] },
        ),
        throughput: fc.record({ read: fc.integer({ min: 1, max: 9 }), write: fc.integer({ min: 1, max: 9 }) }),
        partitions: fc.constant([]),
      }),
      { selector: ({ name }) => name },
    ),
  })
  fc.assert(
    fc.property(record, members => {
      const table = recordOf('any', members as unknown as Partial<TableRecord>)
      const spec = { ...tableOf('any').spec, ...specOfRecord(table, 'default', 1) }
      const { normal, given } = wishedSettings(spec)
      const merged = mergeSettings(normal, given, actualSettings(table), undefined)
      t.deepEqual([merged.push, merged.mirror], [[], []])
    }),
  )
})

/** The rule in one line each, of single values. */
test('who was changed since they last agreed wins, and the resource if both were', t => {
  const value = fc.constantFrom(null, 'a', 'b', 'c')
  fc.assert(
    fc.property(value, value, value, (base, mine, theirs) => {
      const of = (timeToLive: string | null) => ({ ...actualSettings(recordOf('a')), timeToLive })
      const { push, mirror, overruled, synced } = mergeSettings(of(mine), new Set(), of(theirs), of(base))
      const winner = mine === theirs ? [] : mine !== base ? ['push'] : ['mirror']
      t.deepEqual([...push.map(() => 'push'), ...mirror.map(() => 'mirror')], winner)
      t.is(overruled.length, mine !== theirs && mine !== base && theirs !== base ? 1 : 0)
      t.is(synced.timeToLive, mine === theirs ? mine : base)
    }),
  )
})

test('what a resource leaves out is left to the table that was there before it', t => {
  const actual = actualSettings(recordOf('a', { tags: [{ Key: 'team', Value: 'x' }], deletionProtection: true }))
  const { normal, given } = wishes({ tags: [] })
  const merged = mergeSettings(normal, given, actual, undefined)
  t.deepEqual(merged.push, ['tags'])
  t.deepEqual(merged.mirror, ['deletionProtection'])
})

test('an index that one side has made, or taken away, comes and goes on the other', t => {
  const index = {
    indexName: 'byOwner',
    keySchema: [{ attributeName: 'owner', keyType: 'HASH' as const }],
    projection: { projectionType: 'ALL' },
  }
  const none = actualSettings(recordOf('a'))
  const { normal, given } = wishes({ globalSecondaryIndexes: [index] })
  t.deepEqual(mergeSettings(normal, given, none, none).push, ['index:byOwner'])
  t.deepEqual(mergeSettings(none, new Set(), normal, normal).push, ['index:byOwner'])
  t.deepEqual(mergeSettings(none, new Set(), normal, none).mirror, ['index:byOwner'])
  t.deepEqual(mergeSettings(normal, given, none, normal).mirror, ['index:byOwner'])
})

const ARN = 'arn:aws:dynamodb:us-east-1:1:table/a'
const calls = (setting: Setting, wished: Partial<Normal>, actual: Partial<Normal> = {}) => {
  const none = actualSettings(recordOf('a'))
  return changeCalls(tableOf('a'), ARN, setting, { ...none, ...wished }, { ...none, ...actual }).map(
    ({ operation, input: { TableName: _, ...input } }) => [operation, input],
  )
}

test('each setting is told in the way that DynamoDB wants to hear it', t => {
  t.deepEqual(calls('stream', { stream: 'NEW_IMAGE' }, { stream: 'KEYS_ONLY' }), [
    ['UpdateTable', { StreamSpecification: { StreamEnabled: false } }],
    ['UpdateTable', { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }],
  ])
  t.deepEqual(calls('timeToLive', { timeToLive: 'b' }, { timeToLive: 'a' }), [
    ['UpdateTimeToLive', { TimeToLiveSpecification: { AttributeName: 'a', Enabled: false } }],
    ['UpdateTimeToLive', { TimeToLiveSpecification: { AttributeName: 'b', Enabled: true } }],
  ])
  t.deepEqual(
    calls(
      'tags',
      {
        tags: [
          ['a', '1'],
          ['b', '2'],
        ],
      },
      {
        tags: [
          ['a', '1'],
          ['c', '3'],
        ],
      },
    ),
    [
      ['UntagResource', { ResourceArn: ARN, TagKeys: ['c'] }],
      ['TagResource', { ResourceArn: ARN, Tags: [{ Key: 'b', Value: '2' }] }],
    ],
  )
  t.deepEqual(calls('billing', { billing: { mode: 'PROVISIONED', read: 3, write: 4 } }), [
    [
      'UpdateTable',
      {
        BillingMode: 'PROVISIONED',
        ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 },
        GlobalSecondaryIndexUpdates: [],
      },
    ],
  ])
  t.deepEqual(calls('recovery', { recovery: null }, { recovery: 35 }), [
    ['UpdateContinuousBackups', { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false } }],
  ])
})

test('a table is made with all that can be said at once', t => {
  const table = tableOf('orders', {
    tableName: 'Orders',
    provisionedThroughput: { readCapacityUnits: 5, writeCapacityUnits: 5 },
    streamSpecification: { streamEnabled: true, streamViewType: 'KEYS_ONLY' },
    globalSecondaryIndexes: [
      {
        indexName: 'one',
        keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
        projection: { projectionType: 'ALL' },
      },
    ],
  })
  const { operation, input } = createCall(table, wishedSettings(table.spec).normal)
  t.is(operation, 'CreateTable')
  t.like(input, {
    TableName: 'Orders',
    BillingMode: 'PROVISIONED',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
  })
  t.like((input.GlobalSecondaryIndexes as object[])[0], {
    IndexName: 'one',
    ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
  })
})

test('a table is restored from what its resource names', t => {
  const table = tableOf('copy')
  const { normal } = wishedSettings(table.spec)
  t.deepEqual(restoreCall(table, normal, { backup: { name: 'b' } }, 'arn'), {
    operation: 'RestoreTableFromBackup',
    input: { BackupArn: 'arn', TargetTableName: 'copy' },
  })
  const time = '2026-05-01T00:00:00Z'
  t.like(restoreCall(table, normal, { pointInTime: { tableName: 'orders', time } }, undefined), {
    operation: 'RestoreTableToPointInTime',
    input: { SourceTableName: 'orders', RestoreDateTime: Date.parse(time) / 1000 },
  })
  const from = { export: { bucket: 'b', prefix: 'p', format: 'ION' as const, compression: 'NONE' } }
  t.like(restoreCall(table, normal, from, undefined), {
    operation: 'ImportTable',
    input: { S3BucketSource: { S3Bucket: 'b', S3KeyPrefix: 'p' }, ClientToken: 'uid of copy' },
  })
})

test('a mirrored index brings its attributes along, and leaves the others', t => {
  const record = recordOf('a', {
    attributeDefinitions: [
      { AttributeName: 'id', AttributeType: 'S' },
      { AttributeName: 'owner', AttributeType: 'N' },
    ],
    globalIndexes: [
      {
        ...{ id: 'i', name: 'byOwner', status: 'CREATING', partitions: [] },
        keySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
        projection: { ProjectionType: 'KEYS_ONLY' },
        throughput: { read: 0, write: 0 },
        warmThroughput: { read: 1, write: 1 },
      },
    ],
  })
  const patch = mirrorPatch(record, ['index:byOwner'], tableOf('a').spec)
  t.deepEqual(patch.attributeDefinitions, [
    { attributeName: 'id', attributeType: 'S' },
    { attributeName: 'owner', attributeType: 'N' },
  ])
  t.deepEqual(patch.globalSecondaryIndexes, [
    {
      indexName: 'byOwner',
      keySchema: [{ attributeName: 'owner', keyType: 'HASH' }],
      projection: { projectionType: 'KEYS_ONLY' },
    },
  ])
})
