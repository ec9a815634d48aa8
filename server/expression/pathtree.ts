/** Paths by their common beginnings. */
import type { Path } from './bound.ts'

export type PathTree<Leaf> = {
  /** The first path that led here. */
  path: Path
  /** Set where a path ends. No path goes on from there. */
  leaf?: Leaf
  branches: Map<string | number, PathTree<Leaf>>
  /** The first branch that is a map's, and the first that is a list's. */
  byName?: PathTree<Leaf>
  byIndex?: PathTree<Leaf>
}

/** Two paths of one expression that cannot both be, the earlier first. */
export type Collision = { kind: 'overlap' | 'conflict'; paths: [Path, Path] }

export function emptyTree<Leaf>(): PathTree<Leaf> {
  return { path: [], branches: new Map() }
}

/**
 * Adds a path. It overlaps with an earlier path if one begins with the other, in which case it is not added; it conflicts
 * with one that treats as a map what it treats as a list, or the other way round.
 */
export function addPath<Leaf>(tree: PathTree<Leaf>, path: Path, leaf: Leaf): Collision | undefined {
  let node = tree
  let collision: Collision | undefined
  for (const element of path) {
    if (node.leaf !== undefined) return { kind: 'overlap', paths: [node.path, path] }
    let next = node.branches.get(element)
    if (next === undefined) {
      const isIndex = typeof element === 'number'
      const other = isIndex ? node.byName : node.byIndex
      if (other !== undefined) collision ??= { kind: 'conflict', paths: [other.path, path] }
      next = { path, branches: new Map() }
      node.branches.set(element, next)
      if (isIndex) node.byIndex ??= next
      else node.byName ??= next
    }
    node = next
  }
  if (node.leaf !== undefined || node.branches.size > 0) return { kind: 'overlap', paths: [node.path, path] }
  node.leaf = leaf
  return collision
}
