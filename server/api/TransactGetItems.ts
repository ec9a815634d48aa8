/** TransactGetItems: up to 100 items of any tables, as they were at one point in time. */
import { readUnits } from '../capacity/units.ts'
import { rowKey } from '../codec/key.ts'
import { compileProjection } from '../expression/projection.ts'
import { EXPRESSION_USE } from '../expression/use.ts'
import { validateKeyItem } from '../model/key.ts'
import { validateItem } from '../model/value.ts'
import { bindProjection, checkProjectionUse, projectedText } from './item/projection.ts'
import { checkPaths, tableSchema } from './item/schema.ts'
import { spliceList, spliceObject } from './item/splice.ts'
import { operation } from './operation.ts'
import { expressionNames, key, returnConsumedCapacity, tableName } from './shape/common.ts'
import { type Infer, list, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'
import { checkAction, checkBytes, checkDistinct, MAX_ACTIONS } from './transact/check.ts'
import { readAll } from './transact/perform.ts'
import { transactCapacity } from './transact/report.ts'

const get = structure(
  {
    TableName: required(tableName),
    Key: required(key),
    ProjectionExpression: string(),
    ExpressionAttributeNames: expressionNames,
  },
  { name: 'Get' },
)

const shape = structure({
  ReturnConsumedCapacity: returnConsumedCapacity,
  TransactItems: required(
    list(structure({ Get: required(get) }, { name: 'TransactGetItem' }), { min: 1, max: MAX_ACTIONS }),
  ),
})

export const transactGetItems = operation({
  name: 'TransactGetItems',
  input: shape,
  async handle({ TransactItems, ReturnConsumedCapacity }, call) {
    const gets = TransactItems.map(({ Get }) => Get)
    const projections = gets.map(bindGet)
    const tables = gets.map(({ TableName }) => findForData(call, TableName))
    const reads = gets.map(({ Key }, i) => {
      const table = tables[i]!
      const schema = tableSchema(table)
      return checkAction(i, gets.length, () => {
        validateKeyItem(schema.key, Key)
        if (projections[i] !== undefined) checkPaths(schema, projections[i])
        return { table, key: rowKey(schema.key, Key) }
      })
    })
    checkDistinct(reads)
    const images = await readAll(call, reads)
    checkBytes(images.reduce((sum, image) => sum + (image?.size ?? 0), 0))
    const shares = images.map((image, i) => {
      const units = { table: readUnits(image?.size ?? 0, true), indexes: {} }
      return { given: gets[i]!.TableName, table: tables[i]!, units }
    })
    return spliceObject({
      Responses: spliceList(images.map((image, i) => responseText(image?.json, projections[i]))),
      ConsumedCapacity: transactCapacity(call, ReturnConsumedCapacity, shares, 'Read'),
    })
  },
})

/** All checks that need no table. */
function bindGet(input: Infer<typeof get>): ReturnType<typeof bindProjection> {
  checkProjectionUse(input, EXPRESSION_USE.TransactGet)
  validateItem(input.Key)
  return bindProjection(input)
}

/** Of an item that is not there, or of which the projection leaves nothing, there is no `Item`. */
function responseText(json: string | undefined, projection: ReturnType<typeof bindProjection>): string {
  if (json === undefined) return '{}'
  const item = projectedText(json, projection && compileProjection(projection))
  return item === '{}' ? '{}' : `{"Item":${item}}`
}
