import { dynamo } from '../model/errors.ts'
import { parseJobArn } from './backup/arn.ts'
import { describeImport as describe } from './backup/import.ts'
import { operation } from './operation.ts'
import { required, string, structure } from './shape/shape.ts'

export const describeImport = operation({
  name: 'DescribeImport',
  input: structure({ ImportArn: required(string({ min: 37, max: 1024 })) }),
  async handle({ ImportArn }, call) {
    const { table, id } = parseJobArn(call, 'import', ImportArn)
    const record = await call.backup.imports.find(table, id)
    if (!record) throw dynamo('ImportNotFoundException', `Import not found: ${ImportArn}`)
    return { ImportTableDescription: describe(record, call) }
  },
})
