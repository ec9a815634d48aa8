/** ExecuteStatement: one PartiQL statement, as the reads and writes of the API. */
import { validation } from '../model/errors.ts'
import { bindStatement } from '../partiql/bind.ts'
import { consumedCapacity } from './item/consumed.ts'
import { spliceList, spliceObject } from './item/splice.ts'
import { operation } from './operation.ts'
import { returnConsumedCapacity, returnValuesOnConditionCheckFailure } from './shape/common.ts'
import { boolean, integer, string, structure } from './shape/shape.ts'
import { answerSelect } from './statement/select.ts'
import { parameters, statement } from './statement/shape.ts'
import { performWrite, writeOf } from './statement/write.ts'

export const executeStatement = operation({
  name: 'ExecuteStatement',
  input: structure({
    ReturnConsumedCapacity: returnConsumedCapacity,
    Statement: statement,
    Parameters: parameters,
    ConsistentRead: boolean(),
    NextToken: string({ min: 1, max: 32_768 }),
    Limit: integer({ min: 1 }),
    ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  }),
  async handle(input, call) {
    const bound = bindStatement(input.Statement, input.Parameters)
    if (bound.kind === 'select') return answerSelect(call, bound, input)
    if (bound.kind === 'exists') throw validation('EXISTS is only supported in ExecuteTransaction.')
    if (input.NextToken !== undefined) throw validation('NextToken does not match request')
    const write = writeOf(call, bound, input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD')
    const { attributes, units } = await performWrite(call, bound, write)
    return spliceObject({
      Items: spliceList(attributes === undefined ? [] : [attributes]),
      ConsumedCapacity: consumedCapacity(input.ReturnConsumedCapacity, bound.target.table, write.table, units),
    })
  },
})
