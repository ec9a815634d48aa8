/** SearchVectors: no table has a vector index to search. */
import { noSuchIndex } from './item/source.ts'
import { operation } from './operation.ts'
import { expressionNames, expressionValues, indexName, returnConsumedCapacity, tableName } from './shape/common.ts'
import { attributeValue, integer, list, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'

export const searchVectors = operation({
  name: 'SearchVectors',
  input: structure({
    TableName: required(tableName),
    IndexName: required(indexName),
    ReturnConsumedCapacity: returnConsumedCapacity,
    ExpressionAttributeNames: expressionNames,
    ExpressionAttributeValues: expressionValues,
    ProjectionExpression: string(),
    SearchVector: required(list(attributeValue, { min: 1, max: 4096 })),
    SearchConditionExpression: string(),
    TopK: required(integer({ min: 1 })),
  }),
  handle({ TableName, IndexName }, call) {
    findForData(call, TableName)
    throw noSuchIndex(IndexName)
  },
})
