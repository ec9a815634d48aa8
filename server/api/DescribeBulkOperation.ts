/** DescribeBulkOperation: none was ever started. */
import { resourceNotFound } from '../model/errors.ts'
import { operation } from './operation.ts'
import { required, string, structure } from './shape/shape.ts'

export const describeBulkOperation = operation({
  name: 'DescribeBulkOperation',
  input: structure({ BulkOperationArn: required(string({ min: 37, max: 1024 })) }),
  handle({ BulkOperationArn }) {
    throw resourceNotFound(`Requested resource not found: BulkOperation: ${BulkOperationArn} not found`)
  },
})
