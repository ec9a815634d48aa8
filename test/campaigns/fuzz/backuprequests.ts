/** Valid requests for copies of tables: backups, points in time, exports and imports. */
import { arnOf, type Make, maybe, target } from './parts.ts'
import { create } from './tablerequests.ts'
import type { JsonObject } from './values.ts'

const JOB = '01700000000000-1a2b3c4d'
const BUCKETS = ['fuzzed', 'not-there']

/** Few, so that they are there already as often as not. */
const copyName: Make = random => ({ TargetTableName: random.pick(['copy-1', 'copy-2', 'copy-3']) })

export const createBackup: Make = (random, table) => ({
  ...target(random, table),
  BackupName: random.pick(['abc', '__proto__', 'x'.repeat(255)]),
})

/** There is no such backup, export or import: the ids hold chance. */
export const backup: Make = (_, { name }) => ({ BackupArn: `${arnOf(name)}/backup/${JOB}` })
export const exported: Make = (_, { name }) => ({ ExportArn: `${arnOf(name)}/export/${JOB}` })
export const imported: Make = (_, { name }) => ({ ImportArn: `${arnOf(name)}/import/${JOB}` })

export const listBackups: Make = (random, table) => ({
  ...maybe(random, 0.5, () => target(random, table)),
  ...maybe(random, 0.5, () => ({ Limit: 1 + random.below(100) })),
  ...maybe(random, 0.5, () => ({ BackupType: random.pick(['ALL', 'SYSTEM']) })),
  ...maybe(random, 0.3, () => ({ TimeRangeLowerBound: random.below(2_000_000_000) })),
})

const ofTable: Make = (random, { name }) => maybe(random, 0.5, () => ({ TableArn: arnOf(name) }))

export const listExports: Make = (random, table) => ({
  ...ofTable(random, table),
  ...maybe(random, 0.5, () => ({ MaxResults: 1 + random.below(25) })),
})

export const listImports: Make = (random, table) => ({
  ...ofTable(random, table),
  ...maybe(random, 0.5, () => ({ PageSize: 1 + random.below(25) })),
})

export const recovery: Make = (random, table) => ({
  ...target(random, table),
  PointInTimeRecoverySpecification: random.chance(0.7)
    ? {
        PointInTimeRecoveryEnabled: true,
        ...maybe(random, 0.3, () => ({ RecoveryPeriodInDays: 1 + random.below(35) })),
      }
    : { PointInTimeRecoveryEnabled: false },
})

const overrides: Make = random =>
  random.weighted<() => JsonObject>([
    [3, () => ({})],
    [1, () => ({ GlobalSecondaryIndexOverride: [], LocalSecondaryIndexOverride: [] })],
    [1, () => ({ BillingModeOverride: 'PAY_PER_REQUEST' })],
  ])()

export const restoreBackup: Make = (random, table) => ({
  ...copyName(random, table),
  ...backup(random, table),
  ...overrides(random, table),
})

export const restoreToTime: Make = (random, table) => ({
  ...copyName(random, table),
  SourceTableName: table.name,
  ...(random.chance(0.7) ? { UseLatestRestorableTime: true } : { RestoreDateTime: 1_700_000_000 }),
  ...overrides(random, table),
})

export const exportTable: Make = (random, { name }) => ({
  TableArn: arnOf(name),
  S3Bucket: random.pick(BUCKETS),
  ...maybe(random, 0.5, () => ({ S3Prefix: random.pick(['a', '../a', 'a/b', '__proto__']) })),
  ...maybe(random, 0.3, () => ({ ExportFormat: 'DYNAMODB_JSON', ExportType: 'FULL_EXPORT' })),
})

export const importTable: Make = (random, table) => {
  const made = create(random, table)
  const members = ['AttributeDefinitions', 'KeySchema', 'BillingMode', 'ProvisionedThroughput']
  return {
    S3BucketSource: { S3Bucket: random.pick(BUCKETS), ...maybe(random, 0.5, () => ({ S3KeyPrefix: 'a/' })) },
    InputFormat: random.pick(['DYNAMODB_JSON', 'CSV']),
    InputCompressionType: random.pick(['NONE', 'GZIP', 'ZSTD']),
    TableCreationParameters: {
      TableName: random.pick(['import-1', 'import-2']),
      ...Object.fromEntries(members.flatMap(name => (Object.hasOwn(made, name) ? [[name, made[name]]] : []))),
    },
  }
}
