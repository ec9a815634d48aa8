/** UpdateTable: attribute definitions, which a request gives as a delta. */
import { validation } from '../../../model/errors.ts'
import type { AttributeDefinition, KeySchemaElement, TableRecord } from '../../../model/table.ts'

type Definitions = Map<string, AttributeDefinition>

/** The table's definitions and the request's new ones. Errors: ValidationException for an attribute of another type. */
export function mergeDefinitions(table: TableRecord, added: AttributeDefinition[]): AttributeDefinition[] {
  const existing = byName(table.attributeDefinitions)
  const merged = byName([...table.attributeDefinitions, ...added])
  for (const { AttributeName: name, AttributeType: type } of added) {
    const before = existing.get(name)
    if (before && before.AttributeType !== type) throw redefined(table, name, existing, merged)
  }
  return [...merged.values()]
}

/** Those of `definitions` that some key of the table or of its indexes uses. */
export function usedDefinitions(table: TableRecord, definitions: AttributeDefinition[]): AttributeDefinition[] {
  const used = new Set(keys(table).flatMap(key => key.map(element => element.AttributeName)))
  return definitions.filter(definition => used.has(definition.AttributeName))
}

function redefined(table: TableRecord, name: string, existing: Definitions, merged: Definitions) {
  const key = keys(table).find(key => key.some(element => element.AttributeName === name)) ?? []
  return validation(
    `Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. Existing schema: ${dump(key, existing)} New schema: ${dump(key, merged)}`,
  )
}

function dump(key: KeySchemaElement[], definitions: Definitions): string {
  const elements = key.map(({ AttributeName: name, KeyType: type }) => {
    return `SchemaElement: key{${name}:${definitions.get(name)?.AttributeType}:${type}}`
  })
  return `Schema:[${elements.join(', ')}]`
}

function keys(table: TableRecord): KeySchemaElement[][] {
  const alive = table.globalIndexes.filter(index => index.status !== 'DELETING')
  return [table.keySchema, ...[...table.localIndexes, ...alive].map(index => index.keySchema)]
}

function byName(definitions: AttributeDefinition[]): Definitions {
  return new Map(definitions.map(definition => [definition.AttributeName, definition]))
}
