/** What a table's settings look like in a resource. Pure. */
import type { GlobalIndexRecord, KeySchemaElement, TableRecord } from '../../server/model/table.ts'
import type { GlobalIndex, KeyElement, TableSpec } from '../resources/table.ts'
import { resourceNameOf } from './names.ts'
import { actualSettings, type Normal, type Setting } from './settings.ts'

/** A merge patch of a spec: null takes a field away. */
export type SpecPatch = { [field in keyof TableSpec]?: TableSpec[field] | null }

/** What makes the resource say what the table has. */
export function mirrorPatch(record: TableRecord, settings: Setting[], spec: TableSpec): SpecPatch {
  const actual = actualSettings(record)
  const patch: SpecPatch = {}
  for (const setting of settings) Object.assign(patch, patchOf(setting, actual))
  if (settings.some(setting => setting.startsWith('index:') || setting === 'billing')) {
    const mirrored = new Set(settings.filter(setting => setting.startsWith('index:')).map(setting => setting.slice(6)))
    const kept = (spec.globalSecondaryIndexes ?? []).filter(({ indexName }) => !mirrored.has(indexName))
    const taken = live(record)
      .filter(({ name }) => mirrored.has(name))
      .map(index => indexOf(index, record.billingMode))
    const indexes = [...kept, ...taken]
    patch.globalSecondaryIndexes = indexes.length > 0 ? indexes : null
    patch.attributeDefinitions = definitionsOf(record, spec)
  }
  return patch
}

/** The resource of a table that was made through the API; `pool` is where it is. */
export function specOfRecord(record: TableRecord, pool: string, partitions: number): Partial<TableSpec> {
  const actual = actualSettings(record)
  const settings = (Object.keys(actual) as Setting[]).filter(setting => !setting.startsWith('index:'))
  const patch: SpecPatch = {}
  for (const setting of settings) Object.assign(patch, patchOf(setting, actual))
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null))
  const local = record.localIndexes.map(index => ({ ...indexBase(index) }))
  const global = live(record).map(index => indexOf(index, record.billingMode))
  return {
    ...(given as Partial<TableSpec>),
    ...(resourceNameOf(record.name) !== record.name && { tableName: record.name }),
    attributeDefinitions: definitionsOf(record, {}),
    keySchema: keysOf(record.keySchema),
    ...(local.length > 0 && { localSecondaryIndexes: local }),
    ...(global.length > 0 && { globalSecondaryIndexes: global }),
    storage: { pool } as TableSpec['storage'],
    partitions,
    deletionPolicy: 'Retain',
  }
}

/** Fields are null where the default says the same. */
function patchOf(setting: Setting, actual: Normal): SpecPatch {
  const { billing, stream, encryption, timeToLive, tags, policy, recovery } = actual
  switch (setting) {
    case 'billing':
      return billing.mode === 'PROVISIONED'
        ? {
            billingMode: 'PROVISIONED',
            provisionedThroughput: { readCapacityUnits: billing.read, writeCapacityUnits: billing.write },
            onDemandThroughput: null,
          }
        : {
            billingMode: 'PAY_PER_REQUEST',
            provisionedThroughput: null,
            onDemandThroughput: limitsOf(billing.ceilings),
          }
    case 'tableClass':
      return { tableClass: actual.tableClass === 'STANDARD' ? null : 'STANDARD_INFREQUENT_ACCESS' }
    case 'deletionProtection':
      return { deletionProtectionEnabled: actual.deletionProtection || null }
    case 'stream':
      return { streamSpecification: stream === null ? null : { streamEnabled: true, streamViewType: stream } }
    case 'encryption':
      return {
        sseSpecification: encryption && {
          enabled: true,
          sseType: 'KMS',
          ...(encryption.key !== null && { kmsMasterKeyID: encryption.key }),
        },
      }
    case 'timeToLive':
      return { timeToLive: timeToLive === null ? null : { attributeName: timeToLive, enabled: true } }
    case 'tags':
      return { tags: tags.length > 0 ? tags.map(([key, value]) => ({ key, value })) : null }
    case 'policy':
      return { resourcePolicy: policy }
    case 'recovery':
      return {
        continuousBackups:
          recovery === null ? null : { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: recovery },
      }
    case 'insights':
      return { contributorInsights: actual.insights ? 'ENABLE' : null }
    default:
      return {}
  }
}

function live(record: TableRecord): GlobalIndexRecord[] {
  return record.globalIndexes.filter(({ status }) => status !== 'DELETING')
}

function indexOf(index: GlobalIndexRecord, mode: TableRecord['billingMode']): GlobalIndex {
  const { read, write } = index.throughput
  const { MaxReadRequestUnits, MaxWriteRequestUnits } = index.onDemandThroughput ?? {}
  const limits = limitsOf({ read: MaxReadRequestUnits ?? -1, write: MaxWriteRequestUnits ?? -1 })
  return {
    ...indexBase(index),
    ...(mode === 'PROVISIONED' && { provisionedThroughput: { readCapacityUnits: read, writeCapacityUnits: write } }),
    ...(limits && { onDemandThroughput: limits }),
  }
}

function indexBase({ name, keySchema, projection }: Pick<GlobalIndexRecord, 'name' | 'keySchema' | 'projection'>) {
  const { ProjectionType, NonKeyAttributes } = projection
  const include = NonKeyAttributes && { nonKeyAttributes: NonKeyAttributes }
  return { indexName: name, keySchema: keysOf(keySchema), projection: { projectionType: ProjectionType, ...include } }
}

function keysOf(schema: KeySchemaElement[]): KeyElement[] {
  return schema.map(({ AttributeName, KeyType }) => ({ attributeName: AttributeName, keyType: KeyType }))
}

/** Those of the table, and what else the resource defines. */
function definitionsOf(record: TableRecord, { attributeDefinitions = [] }: Partial<TableSpec>) {
  const own = record.attributeDefinitions.map(({ AttributeName, AttributeType }) => {
    return { attributeName: AttributeName, attributeType: AttributeType }
  })
  const names = new Set(own.map(({ attributeName }) => attributeName))
  return [...own, ...attributeDefinitions.filter(({ attributeName }) => !names.has(attributeName))]
}

function limitsOf({ read, write }: { read: number; write: number }) {
  if (read === -1 && write === -1) return null
  return { maxReadRequestUnits: read, maxWriteRequestUnits: write }
}
