/** GetItem: one item by its key. */
import { readUnits } from '../capacity/units.ts'
import { rowKey } from '../codec/key.ts'
import { compileProjection } from '../expression/projection.ts'
import { EXPRESSION_USE } from '../expression/use.ts'
import { validateKeyItem } from '../model/key.ts'
import { validateItem } from '../model/value.ts'
import { consumedCapacity } from './item/consumed.ts'
import { bindProjection, checkProjectionUse, projectedText } from './item/projection.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { spliceObject } from './item/splice.ts'
import { operation } from './operation.ts'
import { attributesToGet, expressionNames, key, returnConsumedCapacity, tableName } from './shape/common.ts'
import { boolean, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'

export const getItem = operation({
  name: 'GetItem',
  input: structure({
    ReturnConsumedCapacity: returnConsumedCapacity,
    AttributesToGet: attributesToGet,
    TableName: required(tableName),
    Key: required(key),
    ConsistentRead: boolean(),
    ProjectionExpression: string(),
    ExpressionAttributeNames: expressionNames,
  }),
  async handle(input, call) {
    checkProjectionUse(input, EXPRESSION_USE.GetItem)
    validateItem(input.Key)
    const projection = bindProjection(input)
    const table = findForData(call, input.TableName)
    const schema = tableSchema(table)
    validateKeyItem(schema.key, input.Key)
    if (projection !== undefined) checkPaths(schema, projection)
    const consistent = input.ConsistentRead === true
    const image = await call.cluster.items.get(table, rowKey(schema.key, input.Key), consistent)
    const units = { table: readUnits(image?.size ?? 0, consistent), indexes: {} }
    call.meter.consumedRead(table, units)
    return spliceObject({
      Item: image && projectedText(image.json, projection && compileProjection(projection)),
      ConsumedCapacity: consumedCapacity(input.ReturnConsumedCapacity, input.TableName, table, units),
    })
  },
})
