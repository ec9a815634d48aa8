/** What the handlers need of a table's keys, computed once per version of its record. */
import type { Path } from '../../expression/bound.ts'
import { checkKeyAccess } from '../../expression/paths.ts'
import { type KeySchema, keyAttributes, type TableSchema } from '../../model/schema.ts'
import { schemaOf, type TableRecord } from '../../model/table.ts'

export type DataSchema = TableSchema & {
  /** Of the key attributes of the table. */
  keyNames: string[]
  /** Of the key attributes of all its indexes. */
  indexKeyNames: string[]
}

const schemas = new WeakMap<TableRecord, DataSchema>()

export function tableSchema(table: TableRecord): DataSchema {
  let schema = schemas.get(table)
  if (schema === undefined) schemas.set(table, (schema = dataSchema(schemaOf(table))))
  return schema
}

function dataSchema(schema: TableSchema): DataSchema {
  return { ...schema, keyNames: namesOf(schema.key), indexKeyNames: schema.indexes.flatMap(({ key }) => namesOf(key)) }
}

export function namesOf(key: KeySchema): string[] {
  return keyAttributes(key).map(({ name }) => name)
}

/** Refuses paths into key attributes, of the table or an index. @throws ValidationException */
export function checkPaths(schema: DataSchema, paths: Path[]): void {
  checkKeyAccess(paths, schema.keyNames, 'Key')
  checkKeyAccess(paths, schema.indexKeyNames, 'IndexKey')
}
