/** Replacing, adding and removing parts of an item, all at once. */
import { validation } from '../model/errors.ts'
import { type AttributeValue, getOwn, type Item, setOwn } from '../model/item.ts'
import type { PathTree } from './pathtree.ts'

/** What is to stand at the end of a path; undefined: nothing. */
export type Edit = { value: AttributeValue | undefined }

/**
 * The item with all edits made; it shares what they do not touch. All but the last element of each path must exist and be
 * of the kind that the path takes it for.
 * @throws ValidationException
 */
export function editItem(item: Item, edits: PathTree<Edit>): Item {
  return editMap(item, edits)
}

/** Recursion is as deep as paths are long: 32 at most. */
function editMap(map: Item, edits: PathTree<Edit>): Item {
  const result = { ...map }
  for (const [name, branch] of edits.branches) {
    if (typeof name === 'number') throw invalidPath()
    const value = edited(getOwn(map, name), branch)
    if (value !== undefined) setOwn(result, name, value)
    else delete result[name]
  }
  return result
}

/** Indexes are those of the old list; what lies beyond its end is appended in their order. */
function editList(list: AttributeValue[], edits: PathTree<Edit>): AttributeValue[] {
  const result: (AttributeValue | undefined)[] = list.slice()
  const beyond: [number, AttributeValue][] = []
  for (const [index, branch] of edits.branches) {
    if (typeof index === 'string') throw invalidPath()
    const value = edited(list[index], branch)
    if (index < list.length) result[index] = value
    else if (value !== undefined) beyond.push([index, value])
  }
  for (const [, value] of beyond.sort(([a], [b]) => a - b)) result.push(value)
  return result.filter(value => value !== undefined)
}

function edited(old: AttributeValue | undefined, edits: PathTree<Edit>): AttributeValue | undefined {
  if (edits.leaf !== undefined) return edits.leaf.value
  if (old?.M !== undefined) return { M: editMap(old.M, edits) }
  if (old?.L !== undefined) return { L: editList(old.L, edits) }
  throw invalidPath()
}

function invalidPath() {
  return validation('The document path provided in the update expression is invalid for update')
}
