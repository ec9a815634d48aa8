import { dynamo } from '../model/errors.ts'
import { parseJobArn } from './backup/arn.ts'
import { describeExport as describe } from './backup/export.ts'
import { operation } from './operation.ts'
import { required, string, structure } from './shape/shape.ts'

export const describeExport = operation({
  name: 'DescribeExport',
  input: structure({ ExportArn: required(string({ min: 37, max: 1024 })) }),
  async handle({ ExportArn }, call) {
    const { table, id } = parseJobArn(call, 'export', ExportArn)
    const record = await call.backup.exports.find(table, id)
    if (!record) throw dynamo('ExportNotFoundException', `Export not found: Export not found: ${ExportArn}`)
    return { ExportDescription: describe(record) }
  },
})
