/** What a projection leaves of an item (facts, section 3.6). */
import { type AttributeValue, getOwn, type Item, setOwn } from '../model/item.ts'
import type { ProjectionPaths } from './bound.ts'
import { addPath, emptyTree, type PathTree } from './pathtree.ts'

/**
 * The parts of the item at the paths, in their nested shape; paths that lead nowhere are left out, and list elements move
 * together in the order of the list. The result shares its values with the item.
 */
export function projectItem(paths: ProjectionPaths, item: Item): Item {
  return compileProjection(paths)(item)
}

/** `projectItem` for many items. Of paths that overlap the first counts. */
export function compileProjection(paths: ProjectionPaths): (item: Item) => Item {
  if (paths.every(path => path.length === 1)) {
    if (paths.length <= FEW_NAMES) return item => projectAttributes(paths, item)
    const names = new Set(paths.map(path => path[0] as string))
    return item => selectAttributes(names, item)
  }
  const tree = emptyTree<true>()
  for (const path of paths) addPath(tree, path, true)
  return item => projectMap(tree, item)
}

/** AttributesToGet may name hundreds of thousands; items do not have as many. */
const FEW_NAMES = 32

function selectAttributes(names: Set<string>, item: Item): Item {
  const result: Item = {}
  for (const name in item) if (names.has(name)) setOwn(result, name, item[name]!)
  return result
}

function projectAttributes(paths: ProjectionPaths, item: Item): Item {
  const result: Item = {}
  for (const path of paths) {
    const name = path[0] as string
    const value = getOwn(item, name)
    if (value !== undefined) setOwn(result, name, value)
  }
  return result
}

function projectMap(tree: PathTree<true>, map: Item): Item {
  const result: Item = {}
  for (const [name, branch] of tree.branches) {
    if (typeof name !== 'string') continue
    const value = getOwn(map, name)
    const part = value === undefined ? undefined : projectValue(branch, value)
    if (part !== undefined) setOwn(result, name, part)
  }
  return result
}

/** The part of the value that the paths below it want; undefined if they lead nowhere. */
function projectValue(tree: PathTree<true>, value: AttributeValue): AttributeValue | undefined {
  if (tree.leaf) return value
  if (value.M !== undefined) {
    const part = projectMap(tree, value.M)
    for (const _ in part) return { M: part }
    return undefined
  }
  if (value.L === undefined) return undefined
  const part = projectList(tree, value.L)
  return part.length === 0 ? undefined : { L: part }
}

function projectList(tree: PathTree<true>, list: AttributeValue[]): AttributeValue[] {
  const indexes = [...tree.branches.keys()].filter(key => typeof key === 'number')
  return indexes
    .filter(index => index < list.length)
    .sort((a, b) => a - b)
    .flatMap(index => projectValue(tree.branches.get(index)!, list[index]!) ?? [])
}
