/** Shapes that several operations share, with the API model's limits. Enumerations are in their printed order. */
import { attributeValue, boolean, enumeration, item, list, long, map, required, string, structure } from './shape.ts'

export { item } from './shape.ts'

const NAME_PATTERN = '[a-zA-Z0-9_.-]+'

/** A table that should exist, by name or ARN. */
export const tableName = string({ min: 1, max: 1024, pattern: NAME_PATTERN, orArn: true })

/** The name of a table to be made. */
export const newTableName = string({ min: 3, max: 255, pattern: NAME_PATTERN, orArn: true })

/** What operations on tables say when there is no TableName: `required(tableName, MISSING_TABLE_NAME)`. */
export const MISSING_TABLE_NAME = "The parameter 'TableName' is required but was not present in the request"

export const indexName = string({ min: 3, max: 255, pattern: NAME_PATTERN })

export const resourceArn = string({ min: 1, max: 1283 })

export const revisionId = string({ min: 1, max: 255 })

const attributeName = string({ max: 65_535 })
const keyAttributeName = string({ min: 1, max: 255 })

// ---- items and expressions

export const key = item
export const expressionNames = map(attributeName)
export const expressionValues = item
export const attributesToGet = list(attributeName, { min: 1 })

export const returnConsumedCapacity = enumeration(['INDEXES', 'TOTAL', 'NONE'])
export const returnItemCollectionMetrics = enumeration(['SIZE', 'NONE'])
export const returnValues = enumeration(['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'])
export const returnValuesOnConditionCheckFailure = enumeration(['ALL_OLD', 'NONE'])
export const select = enumeration(['SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'])

// ---- legacy parameters

export const conditionalOperator = enumeration(['OR', 'AND'])
export const comparisonOperator = enumeration([
  'IN',
  'NULL',
  'BETWEEN',
  'LT',
  'NOT_CONTAINS',
  'EQ',
  'GT',
  'NOT_NULL',
  'NE',
  'LE',
  'BEGINS_WITH',
  'GE',
  'CONTAINS',
])

/** `Expected`. */
export const expected = map(
  structure(
    {
      Value: attributeValue,
      Exists: boolean(),
      ComparisonOperator: comparisonOperator,
      AttributeValueList: list(attributeValue),
    },
    { name: 'ExpectedAttributeValue' },
  ),
  { keys: attributeName },
)

/** `AttributeUpdates`. */
export const attributeUpdates = map(
  structure({ Value: attributeValue, Action: enumeration(['ADD', 'PUT', 'DELETE']) }, { name: 'AttributeValueUpdate' }),
  { keys: attributeName },
)

/** `KeyConditions`, `QueryFilter`, `ScanFilter`. */
export const conditions = map(
  structure(
    { AttributeValueList: list(attributeValue), ComparisonOperator: required(comparisonOperator) },
    { name: 'Condition' },
  ),
  { keys: attributeName },
)

// ---- tables

export const attributeDefinitions = list(
  structure(
    { AttributeName: required(keyAttributeName), AttributeType: required(enumeration(['B', 'N', 'S'])) },
    { name: 'AttributeDefinition' },
  ),
)

const keySchemaElement = structure(
  { AttributeName: required(keyAttributeName), KeyType: required(enumeration(['HASH', 'RANGE'])) },
  { name: 'KeySchemaElement' },
)

/** Of a table or a local index. */
export const keySchema = list(keySchemaElement, { min: 1, max: 2 })

/** Of a global index, whose key may have several attributes of each kind. */
export const globalKeySchema = list(keySchemaElement, { min: 1 })

export const billingMode = enumeration(['PROVISIONED', 'PAY_PER_REQUEST'])

export const provisionedThroughput = structure(
  { ReadCapacityUnits: required(long({ min: 1 })), WriteCapacityUnits: required(long({ min: 1 })) },
  { name: 'ProvisionedThroughput' },
)

export const onDemandThroughput = structure(
  { MaxReadRequestUnits: long(), MaxWriteRequestUnits: long() },
  { name: 'OnDemandThroughput' },
)

export const warmThroughput = structure(
  { ReadUnitsPerSecond: long(), WriteUnitsPerSecond: long() },
  { name: 'WarmThroughput' },
)

export const projection = structure(
  {
    ProjectionType: enumeration(['ALL', 'INCLUDE', 'KEYS_ONLY']),
    NonKeyAttributes: list(keyAttributeName, { min: 1, max: 20 }),
  },
  { name: 'Projection' },
)

export const localSecondaryIndexes = list(
  structure(
    { IndexName: required(indexName), KeySchema: required(keySchema), Projection: required(projection) },
    { name: 'LocalSecondaryIndex' },
  ),
)

/** A global index to be made: by CreateTable, or by UpdateTable as `CreateGlobalSecondaryIndexAction`. */
function globalIndex(name: string) {
  return structure(
    {
      IndexName: required(indexName),
      KeySchema: required(globalKeySchema),
      Projection: required(projection),
      ProvisionedThroughput: provisionedThroughput,
      OnDemandThroughput: onDemandThroughput,
      WarmThroughput: warmThroughput,
    },
    { name },
  )
}

export const globalSecondaryIndexes = list(globalIndex('GlobalSecondaryIndex'))

export const globalSecondaryIndexUpdates = list(
  structure(
    {
      Update: structure(
        {
          IndexName: required(indexName),
          ProvisionedThroughput: provisionedThroughput,
          OnDemandThroughput: onDemandThroughput,
          WarmThroughput: warmThroughput,
        },
        { name: 'UpdateGlobalSecondaryIndexAction' },
      ),
      Create: globalIndex('CreateGlobalSecondaryIndexAction'),
      Delete: structure({ IndexName: required(indexName) }, { name: 'DeleteGlobalSecondaryIndexAction' }),
    },
    { name: 'GlobalSecondaryIndexUpdate' },
  ),
)

export const streamSpecification = structure(
  {
    StreamEnabled: required(boolean()),
    StreamViewType: enumeration(['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY']),
  },
  { name: 'StreamSpecification' },
)

export const sseSpecification = structure(
  { Enabled: boolean(), SSEType: enumeration(['AES256', 'KMS']), KMSMasterKeyId: string() },
  { name: 'SSESpecification' },
)

export const tableClass = enumeration(
  ['STANDARD', 'STANDARD_INFREQUENT_ACCESS'],
  'Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].',
)

export const tags = list(
  structure(
    { Key: required(string({ min: 1, max: 128 })), Value: required(string({ min: 0, max: 256 })) },
    { name: 'Tag' },
  ),
)
