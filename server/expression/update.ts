/** Applying bound updates to items (facts, section 3.8). Nothing is changed in place. */
import { type DynamoError, validation } from '../model/errors.ts'
import { type AttributeValue, type Item, typeOf } from '../model/item.ts'
import { addNumbers, subtractNumbers } from '../model/number.ts'
import { sizeOf } from '../model/size.ts'
import { MAX_ITEM_SIZE, validateValue } from '../model/value.ts'
import type { Path, SetValue, Update } from './bound.ts'
import { type Edit, editItem } from './edit.ts'
import { updateTargets, valueAt } from './paths.ts'
import { addPath, emptyTree } from './pathtree.ts'
import { projectItem } from './projection.ts'

/** Each element of a list takes two bytes at the least. */
const MAX_ELEMENTS = MAX_ITEM_SIZE / 2

/**
 * The item after the update; it shares with the old one what the update does not touch. Index keys and the size limit are
 * for the caller to check; here an update only ends early when what it sets is too large by itself, however often a short
 * expression repeats a large value.
 * @param item the old item; the key attributes alone if there is none
 * @param existed whether there is an old item: without one, REMOVE and DELETE have nothing to do, whatever their path
 * @throws ValidationException if a path leads nowhere or a stored value is of the wrong type
 */
export function applyUpdate(update: Update, item: Item, existed = true): Item {
  const tree = emptyTree<Edit>()
  let size = 0
  const put = (path: Path, value: AttributeValue) => {
    size += sizeOf(value)
    if (size > MAX_ITEM_SIZE) throw tooLarge()
    addPath(tree, path, { value })
  }
  for (const { path, value } of update.set) put(path, checkDepth(path, evaluate(value, item)))
  for (const { path, value } of update.add) put(path, add(valueAt(item, path), value, update.legacy))
  if (existed) {
    for (const path of update.remove) addPath(tree, path, { value: undefined })
    for (const { path, value } of update.delete) {
      addPath(tree, path, { value: subtract(valueAt(item, path), value, update.legacy) })
    }
  }
  return editItem(item, tree)
}

/** What UPDATED_OLD returns of the old item and UPDATED_NEW of the new one: the paths that the update targets. */
export function updatedAttributes(update: Update, item: Item): Item {
  return projectItem(updateTargets(update), item)
}

/** Whether the update brings a missing item into being: legacy DELETE actions alone do not. */
export function createsItem(update: Update | undefined): boolean {
  if (!update?.legacy || update.set.length > 0 || update.add.length > 0) return true
  return update.remove.length === 0 && update.delete.length === 0
}

function evaluate(value: SetValue, item: Item): AttributeValue {
  if ('value' in value) return value.value
  if ('path' in value) return valueAt(item, value.path) ?? noSuchAttribute()
  if ('ifNotExists' in value) return valueAt(item, value.ifNotExists) ?? evaluate(value.otherwise, item)
  if ('append' in value) {
    const list: AttributeValue[] = []
    appendTo(list, value, item)
    return { L: list }
  }
  const left = evaluate(value.left, item).N ?? wrongType()
  const right = evaluate(value.right, item).N ?? wrongType()
  return { N: value.sign === '+' ? addNumbers(left, right) : subtractNumbers(left, right) }
}

/** Adds to the list what `value` makes: nested appends without a list for each, and never more than an item can hold. */
function appendTo(list: AttributeValue[], value: SetValue, item: Item): void {
  if ('append' in value) {
    for (const part of value.append) appendTo(list, part, item)
    return
  }
  const elements = evaluate(value, item).L ?? wrongType()
  if (list.length + elements.length > MAX_ELEMENTS) throw tooLarge()
  for (const element of elements) list.push(element)
}

function tooLarge(): DynamoError {
  return validation('Item size to update has exceeded the maximum allowed size')
}

function noSuchAttribute(): never {
  throw validation('The provided expression refers to an attribute that does not exist in the item')
}

function wrongType(legacy?: boolean): never {
  throw validation(
    legacy ? 'Type mismatch for attribute to update' : 'An operand in the update expression has an incorrect data type',
  )
}

/** Refuses to nest a document deeper than an item may be: `SET a.b = a`, time and again, would. */
function checkDepth(path: Path, value: AttributeValue): AttributeValue {
  if (path.length > 1 && (value.L !== undefined || value.M !== undefined)) validateValue(value, path.length)
  return value
}

/** ADD: a sum, a union or, for the legacy form, a longer list. */
function add(old: AttributeValue | undefined, value: AttributeValue, legacy?: boolean): AttributeValue {
  if (old === undefined) return value
  const type = typeOf(value)
  if (typeOf(old) !== type) wrongType(legacy)
  switch (type) {
    case 'N':
      return { N: addNumbers(old.N!, value.N!) }
    case 'L':
      return { L: [...old.L!, ...value.L!] }
    case 'SS':
    case 'NS':
    case 'BS':
      return { [type]: [...new Set([...old[type]!, ...value[type]!])] }
    default:
      return wrongType(legacy)
  }
}

/** DELETE: what is left of the set; nothing if that is empty. */
function subtract(
  old: AttributeValue | undefined,
  value: AttributeValue,
  legacy?: boolean,
): AttributeValue | undefined {
  if (old === undefined) return undefined
  const type = typeOf(value)
  if (typeOf(old) !== type || (type !== 'SS' && type !== 'NS' && type !== 'BS')) wrongType(legacy)
  const unwanted = new Set(value[type])
  const left = old[type]!.filter(member => !unwanted.has(member))
  return left.length === 0 ? undefined : { [type]: left }
}
