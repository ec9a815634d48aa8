import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { describe } from './table/describe.ts'
import { findForControl } from './table/find.ts'
import { checkDeletable, checkExists } from './table/inuse.ts'

export const deleteTable = operation({
  name: 'DeleteTable',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME) }),
  async handle({ TableName }, call) {
    const { name } = findForControl(call, TableName)
    const deleted = await call.cluster.tables.delete(name, current => {
      checkExists(current)
      if (current.deletionProtection) {
        throw validation(
          'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
        )
      }
      checkDeletable(current)
    })
    return { TableDescription: describe(deleted, call) }
  },
})
