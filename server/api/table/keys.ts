/** Checks of key schemas against attribute definitions (facts, section 4.7, checks 2 to 6, and 4.11). */
import { invalidParameter, validation } from '../../model/errors.ts'
import type { AttributeDefinition, KeySchemaElement } from '../../model/table.ts'

const MAX_PER_KEY_TYPE = 4

/** Every definition names another attribute, and there are enough of them for the table's own key. */
export function checkDefinitions(definitions: AttributeDefinition[], tableKey: KeySchemaElement[]): void {
  if (definitions.length < tableKey.length) {
    throw validation('Invalid KeySchema: Some index key attribute have no definition')
  }
  const twice = duplicate(definitions.map(definition => definition.AttributeName))
  if (twice !== undefined) throw validation(`Attribute Name is duplicated: ${twice}`)
}

/** One HASH, then at most one RANGE element, all of them defined: the key of a table or a local index. */
export function checkSimpleKey(key: KeySchemaElement[], definitions: AttributeDefinition[]): void {
  checkDefined(key, definitions)
  checkPair(key)
}

/** Up to four HASH, then up to four RANGE elements, all of them defined: the key of a global index. */
export function checkMultipleKey(key: KeySchemaElement[], definitions: AttributeDefinition[]): void {
  checkDefined(key, definitions)
  const isPair = key.length === 1 || (key.length === 2 && !key.every(element => element.KeyType === 'HASH'))
  if (isPair) checkPair(key)
  else checkGroups(key)
}

function checkGroups(key: KeySchemaElement[]): void {
  if (duplicate(names(key)) !== undefined) {
    throw validation('The KeySchema contains multiple key attributes with the same name')
  }
  const firstRange = key.findIndex(element => element.KeyType === 'RANGE')
  const hashes = firstRange === -1 ? key.length : firstRange
  if (hashes === 0) throw validation('Invalid KeySchema: The first KeySchemaElement is not a HASH key type')
  if (key.slice(hashes).some(element => element.KeyType === 'HASH')) {
    throw validation('All HASH key attributes must precede RANGE key attributes in the KeySchema')
  }
  if (hashes > MAX_PER_KEY_TYPE) throw tooMany('HASH')
  if (key.length - hashes > MAX_PER_KEY_TYPE) throw tooMany('RANGE')
}

/** Every definition is the key of something. `indexKeys`: those of all indexes; undefined for a table without any. */
export function checkAllUsed(
  definitions: AttributeDefinition[],
  tableKey: KeySchemaElement[],
  indexKeys: KeySchemaElement[] | undefined,
): void {
  const used = new Set(names([...tableKey, ...(indexKeys ?? [])]))
  if (definitions.every(definition => used.has(definition.AttributeName))) return
  throw indexKeys === undefined
    ? invalidParameter(
        'Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
      )
    : invalidParameter(
        `Some AttributeDefinitions are not used. AttributeDefinitions: ${listed(defined(definitions))}, keys used: ${listed([...used])}`,
      )
}

export function names(key: KeySchemaElement[]): string[] {
  return key.map(element => element.AttributeName)
}

/** The first text that occurs a second time. */
export function duplicate(texts: string[]): string | undefined {
  const seen = new Set<string>()
  return texts.find(text => seen.has(text) || !seen.add(text))
}

function checkDefined(key: KeySchemaElement[], definitions: AttributeDefinition[]): void {
  const known = new Set(defined(definitions))
  if (names(key).every(name => known.has(name))) return
  throw invalidParameter(
    `Some index key attributes are not defined in AttributeDefinitions. Keys: ${listed(names(key))}, AttributeDefinitions: ${listed([...known])}`,
  )
}

function checkPair(key: KeySchemaElement[]): void {
  const [hash, range] = key
  if (range && range.AttributeName === hash!.AttributeName) {
    throw validation('Both the Hash Key and the Range Key element in the KeySchema have the same name')
  }
  if (hash!.KeyType !== 'HASH') {
    throw validation('Invalid KeySchema: The first KeySchemaElement is not a HASH key type')
  }
  if (range && range.KeyType !== 'RANGE') {
    throw validation('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type')
  }
}

function tooMany(keyType: 'HASH' | 'RANGE') {
  return validation(`The KeySchema exceeds the maximum allowed number of ${keyType} key attributes`)
}

function defined(definitions: AttributeDefinition[]): string[] {
  return definitions.map(definition => definition.AttributeName)
}

function listed(texts: string[]): string {
  return `[${texts.join(', ')}]`
}
